// `brume image`: images of the built-in registry, and where they come from. Each verb is loaded when it is called.

import { suggest, UsageError } from '@brume/base/command-line'
import type { Command } from '../../command.ts'
import * as specs from './specs.ts'

const VERBS: readonly Command[] = [
  { spec: specs.BUILD, run: async (parsed, io) => (await import('./build.ts')).run(parsed, io) },
  { spec: specs.LIST, run: async (parsed, io) => (await import('./list.ts')).run(parsed, io) },
  { spec: specs.IMPORT, run: async (parsed, io) => (await import('./import.ts')).run(parsed, io) },
  { spec: specs.EXPORT, run: async (parsed, io) => (await import('./export.ts')).run(parsed, io) },
  { spec: specs.PUSH, run: async (parsed, io) => (await import('./push.ts')).run(parsed, io) },
  { spec: specs.RM, run: async (parsed, io) => (await import('./rm.ts')).run(parsed, io) },
]
const NAMES = VERBS.map(({ spec }) => spec.name.slice('image '.length))

export const image: Command = {
  spec: {
    name: 'image',
    usage: NAMES.join('|'),
    summary: "Build images, and keep them in the cloud's own registry",
    details: `Commands:\n${VERBS.map(({ spec }) => `  ${spec.name.padEnd(14)}${spec.summary}`).join('\n')}

Pods name images of this registry as registry.brume.internal/library/NAME:TAG.
Help of one: ./brume image build --help`,
    maxArguments: 99,
    argumentChoices: NAMES,
  },
  verbs: VERBS,
  async run({ words }) {
    const [word] = words
    const meant = word === undefined ? undefined : suggest(word, NAMES)
    const what = word === undefined ? 'say what to do' : `there is no "image ${word}"`
    throw new UsageError(`${what}. Next: ./brume image ${meant ?? '--help'}`)
  },
}
