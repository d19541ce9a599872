// `brume node`: the machines of the cloud. Each verb is loaded when it is called.

import type { Command } from '../../command.ts'
import { nounOf } from '../noun.ts'
import * as specs from './specs.ts'

export const node: Command = nounOf({
  name: 'node',
  summary: 'The machines of the cloud: list, let in, empty, take out',
  details: "Labels and taints of nodes are kubectl's: kubectl label node, kubectl taint node.",
  example: 'node list',
  verbs: [
    { spec: specs.LIST, run: async (parsed, io) => (await import('./list.ts')).run(parsed, io) },
    { spec: specs.TOKEN, run: async (parsed, io) => (await import('./token.ts')).run(parsed, io) },
    { spec: specs.CORDON, run: async (parsed, io) => (await import('./cordon.ts')).run(parsed, io, true) },
    { spec: specs.UNCORDON, run: async (parsed, io) => (await import('./cordon.ts')).run(parsed, io, false) },
    { spec: specs.DRAIN, run: async (parsed, io) => (await import('./drain.ts')).run(parsed, io) },
    { spec: specs.REMOVE, run: async (parsed, io) => (await import('./remove.ts')).run(parsed, io) },
  ],
})
