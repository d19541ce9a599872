// `brume image`: images of the built-in registry, and where they come from. Each verb is loaded when it is called.

import type { Command } from '../../command.ts'
import { nounOf } from '../noun.ts'
import * as specs from './specs.ts'

export const image: Command = nounOf({
  name: 'image',
  summary: "Build images, and keep them in the cloud's own registry",
  details: 'Pods name images of this registry as registry.brume.internal/library/NAME:TAG.',
  example: 'image build',
  verbs: [
    { spec: specs.BUILD, run: async (parsed, io) => (await import('./build.ts')).run(parsed, io) },
    { spec: specs.LIST, run: async (parsed, io) => (await import('./list.ts')).run(parsed, io) },
    { spec: specs.IMPORT, run: async (parsed, io) => (await import('./import.ts')).run(parsed, io) },
    { spec: specs.EXPORT, run: async (parsed, io) => (await import('./export.ts')).run(parsed, io) },
    { spec: specs.PUSH, run: async (parsed, io) => (await import('./push.ts')).run(parsed, io) },
    { spec: specs.RM, run: async (parsed, io) => (await import('./rm.ts')).run(parsed, io) },
  ],
})
