// A command that is a noun: its first word chooses a verb.

import { suggest, UsageError } from '@brume/base/command-line'
import type { Command } from '../command.ts'

export interface Noun {
  name: string
  summary: string
  /** Below the list of verbs. */
  details: string
  /** The verb whose help is named. */
  example: string
  /** Their names hold both words. */
  verbs: readonly Command[]
}

export function nounOf({ name, summary, details, example, verbs }: Noun): Command {
  const names = verbs.map(({ spec }) => spec.name.slice(name.length + 1))
  const rows = verbs.map(({ spec }) => `  ${spec.name.padEnd(14)}${spec.summary}`)
  return {
    spec: {
      name,
      usage: names.join('|'),
      summary,
      details: `Commands:\n${rows.join('\n')}\n\n${details}\nHelp of one: ./brume ${example} --help`,
      maxArguments: 99,
      argumentChoices: names,
    },
    verbs,
    async run({ words }) {
      const [word] = words
      const meant = word === undefined ? undefined : suggest(word, names)
      const what = word === undefined ? 'say what to do' : `there is no "${name} ${word}"`
      throw new UsageError(`${what}. Next: ./brume ${name} ${meant ?? '--help'}`)
    },
  }
}
