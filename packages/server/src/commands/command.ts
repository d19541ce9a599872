// A command of this program, and how the words of its options become values. What they are called is in machine/commands.

import { type CommandSpec, type ParsedCommand, UsageError } from '@brume/base/command-line'
import type { LogLevel } from '@brume/base/log'
import { USUAL_DIR } from '@brume/machine/own-names'
import type { Encryption } from '@brume/node/network/encryption'

export interface ServerCommand {
  spec: CommandSpec
  /** The exit code. Throws UserError and UsageError. */
  run(parsed: ParsedCommand): Promise<number>
}

type Options = ParsedCommand['options']

export function dataDirOf(options: Options): string {
  return options['data-dir'] ?? USUAL_DIR
}

/** One of the choices, which were looked at when the line was parsed. */
export function logLevelOf(options: Options): LogLevel {
  return (options['log-level'] as LogLevel | undefined) ?? 'warn'
}

/** undefined: the agent's own way. */
export function encryptionOf(options: Options): Encryption | undefined {
  return options['encryption'] as Encryption | undefined
}

export function portOf(options: Options, name: string): number | undefined {
  const text = options[name]
  if (text === undefined) return undefined
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port > 0 && port < 65_536) return port
  throw new UsageError(`--${name} ${text} is no port. Next: name one from 1 to 65535`)
}

/** `fallback` when the option is not given. */
export function countOf(options: Options, name: string, least: number, fallback: number): number {
  const text = options[name] ?? String(fallback)
  const count = Number(text)
  if (/^\d{1,6}$/.test(text) && count >= least) return count
  throw new UsageError(`--${name} ${text} is not a whole number of at least ${least}`)
}
