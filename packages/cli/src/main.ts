// `brume`: finds the command, runs it, and turns what goes wrong into a sentence and an exit code.

import { createInterface } from 'node:readline/promises'
import { systemClock } from '@brume/base/clock'
import {
  commandHelp,
  EXIT_OK,
  parseCommand,
  programHelp,
  suggest,
  UsageError,
} from '@brume/base/command-line'
import type { Command, Io } from './command.ts'
import { explain } from './explain.ts'
import { COMMANDS, FOOTER, LAUNCHER_COMMANDS, SUMMARY } from './program.ts'

/** As it is typed in a checkout: every command that a message names can be copied. */
const PROGRAM = './brume'

/** Words that people try, and what they are here. */
const KUBECTL_WORDS = new Set(
  (
    'annotate api-resources api-versions apply attach auth autoscale certificate config cordon cp create debug delete ' +
    'describe diff drain edit events exec expose get label logs patch port-forward proxy replace rollout ' +
    'scale set taint top uncordon wait'
  ).split(' '),
)

export async function main(argv: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = argv
  try {
    if (name === undefined || name === '--help' || name === '-h') return printHelp(io)
    if (name === 'help') return rest[0] === undefined ? printHelp(io) : await run(rest[0], ['--help'], io)
    if (name === '--version') return await run('version', rest, io)
    return await run(name, rest, io)
  } catch (error) {
    return explain(name ?? '', error, io, rest)
  }
}

async function run(name: string, argv: readonly string[], io: Io): Promise<number> {
  const noun = find(name, argv)
  const verb = noun.verbs?.find(({ spec }) => spec.name === `${name} ${argv[0]}`)
  return runParsed(verb ?? noun, verb === undefined ? argv : argv.slice(1), io)
}

async function runParsed(command: Command, argv: readonly string[], io: Io): Promise<number> {
  const parsed = parseCommand(PROGRAM, command.spec, argv)
  if (parsed.options['help'] === undefined) return command.run(parsed, io)
  io.out.write(commandHelp(PROGRAM, command.spec))
  return EXIT_OK
}

function find(name: string, argv: readonly string[]): Command {
  const command = COMMANDS.find(({ spec }) => spec.name === name)
  if (command !== undefined) return command
  if (LAUNCHER_COMMANDS.some((spec) => spec.name === name)) {
    throw new UsageError(`"${name}" is run by the launcher. Next: ./brume ${[name, ...argv].join(' ')}`)
  }
  if (KUBECTL_WORDS.has(name)) {
    throw new UsageError(`"${name}" is kubectl's. Next: kubectl ${[name, ...argv].join(' ')}`)
  }
  const isOption = name.startsWith('-')
  const names = isOption
    ? ['--help', '--version']
    : [...COMMANDS.map(({ spec }) => spec), ...LAUNCHER_COMMANDS].map((spec) => spec.name)
  const meant = suggest(name, names)
  const next = `${PROGRAM} ${meant ?? '--help'}`
  const what = `unknown ${isOption ? 'option' : 'command'} "${name}"`
  throw new UsageError(`${what}${meant === undefined ? '.' : `; did you mean "${meant}"?`} Next: ${next}`)
}

function printHelp(io: Io): number {
  const commands = [...LAUNCHER_COMMANDS, ...COMMANDS.map(({ spec }) => spec)]
  const help = { program: PROGRAM, summary: SUMMARY, commands, footer: FOOTER }
  io.out.write(programHelp({ ...help, options: [{ name: 'version', help: 'Show the versions' }] }))
  return EXIT_OK
}

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await terminal.question(question)
  } finally {
    terminal.close()
  }
}

if (import.meta.main) {
  const output = (stream: NodeJS.WriteStream) => ({
    write: (text: string) => void stream.write(text),
    isTerminal: stream.isTTY === true,
  })
  const io = {
    out: output(process.stdout),
    err: output(process.stderr),
    env: process.env,
    clock: systemClock,
    ...(process.stdin.isTTY ? { ask } : {}),
  }
  // A reader that has seen enough (`brume status | head -1`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  const code = await main(process.argv.slice(2), io)
  process.exitCode = code
}
