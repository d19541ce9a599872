// The command lines of up, join, down, reset and restore. Each loads only what it needs: an agent alone stays small.

import {
  commandHelp,
  EXIT_FAILED,
  EXIT_OK,
  EXIT_USAGE,
  type ParsedCommand,
  parseCommand,
  UsageError,
} from '@brume/base/command-line'
import { StatusError } from '@brume/base/errors'
import { UserError } from '../user-error.ts'
import type { ServerCommand } from './command.ts'

const PROGRAM = './brume'

const COMMANDS: Readonly<Record<string, () => Promise<ServerCommand>>> = {
  up: async () => (await import('./up.ts')).upCommand,
  join: async () => (await import('./join.ts')).joinCommand,
  down: async () => (await import('./down.ts')).downCommand,
  reset: async () => (await import('./down.ts')).resetCommand,
  restore: async () => (await import('./restore.ts')).restoreCommand,
}

/** Runs one command line; the result is the exit code: 0 ok, 1 failed, 2 usage. */
export async function runCommand(argv: string[]): Promise<number> {
  const [name = 'up', ...args] = argv
  try {
    const load = COMMANDS[name]
    if (load === undefined) throw new UsageError(`"${name}" is no command of these. See: ${PROGRAM} --help`)
    const { spec, run } = await load()
    const parsed: ParsedCommand = parseCommand(PROGRAM, spec, args)
    if (parsed.options['help'] === undefined) return await run(parsed)
    process.stdout.write(commandHelp(PROGRAM, spec))
    return EXIT_OK
  } catch (error) {
    return fail(name, error)
  }
}

function fail(name: string, error: unknown): number {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof UsageError) {
    process.stderr.write(`brume ${name}: ${message}\n`)
    return EXIT_USAGE
  }
  if (error instanceof UserError) {
    process.stderr.write(`brume ${name}: ${message}\nnext: ${error.next}\n`)
    return error.exitCode
  }
  if (error instanceof StatusError) {
    process.stderr.write(
      `brume ${name}: the API's answer: ${message}\nnext: try again, then: ./brume doctor\n`,
    )
    return EXIT_FAILED
  }
  process.stderr.write(`brume ${name}: unexpected: ${error instanceof Error ? error.stack : message}\n`)
  return EXIT_FAILED
}
