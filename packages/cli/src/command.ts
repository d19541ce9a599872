// What a command is, and what it gets.

import { resolve } from 'node:path'
import type { Clock } from '@brume/base/clock'
import type { CommandSpec, OptionSpec, ParsedCommand } from '@brume/base/command-line'
import type { Environment } from '@brume/client/kubeconfig'
import { USUAL_DIR } from '@brume/machine/own-names'

export interface Output {
  write(text: string): void
  /** A person watches: progress may be shown. */
  isTerminal: boolean
}

export interface Io {
  out: Output
  err: Output
  env: Environment
  clock: Clock
  /** Asks the person at the terminal; absent where there is none. */
  ask?(question: string): Promise<string>
}

export interface Command {
  spec: CommandSpec
  /** Verbs of a noun: the first word chooses one, and `run` is called when it does not. Their names hold both words. */
  verbs?: readonly Command[]
  /** The exit code. */
  run(parsed: ParsedCommand, io: Io): Promise<number>
}

/** Something that went wrong for the person at the keyboard: one sentence, and the command to run next. */
export class CommandError extends Error {
  override name = 'CommandError'
  readonly next: string

  constructor(message: string, next: string, options?: { cause?: unknown }) {
    super(message, options)
    this.next = next
  }
}

/** Where the cloud of this machine keeps its state, as a whole path. */
export function dataDirOf(options: ParsedCommand['options']): string {
  return resolve(options['data-dir'] ?? USUAL_DIR)
}

/** Of every command that talks to the API. */
export const CONNECTION_OPTIONS: readonly OptionSpec[] = [
  { name: 'kubeconfig', value: 'FILE', help: 'The kubeconfig to use' },
  { name: 'data-dir', value: 'DIR', help: 'Use the kubeconfig of the cloud that keeps its state there' },
  { name: 'context', value: 'NAME', help: 'The context of it to use', default: 'its current-context' },
]

export const OUTPUT_OPTION: OptionSpec = {
  name: 'output',
  short: 'o',
  value: 'FORMAT',
  help: 'How to print',
  choices: ['json'],
  default: 'text',
}
