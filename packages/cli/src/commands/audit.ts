// `brume audit`: who did what to what, when, from where, and how it ended, from the audit log of this machine's cloud.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT_OK, type ParsedCommand, UsageError } from '@brume/base/command-line'
import { parseGoDuration } from '@brume/base/go-duration'
import { DATA_DIR } from '@brume/machine/commands/options'
import { type AuditEvent, eventOf } from '../audit/event.ts'
import { AUDIT_LOG, readEvents } from '../audit/files.ts'
import { type Printer, printerFor } from '../audit/print.ts'
import { selector } from '../audit/select.ts'
import { type Command, CommandError, dataDirOf, type Io, OUTPUT_OPTION } from '../command.ts'
import { DEFAULT_LINES, followFile, interrupted, linesOf, tailOf } from '../follow.ts'

const DAY_NS = 86_400_000_000_000n
const NS_PER_MS = 1_000_000n

export const audit: Command = {
  spec: {
    name: 'audit',
    usage: '[KIND[/NAME]]',
    summary: 'Show who did what to what, when and from where',
    details: `Reads the audit log on the machine of the control plane.
./brume audit secret/db --since 24h      who read or changed it
./brume audit --user anna --verb write   what she changed
./brume audit --refused -f               who is turned away, as it happens`,
    options: [
      { name: 'user', value: 'NAME', help: 'Who did it, or in whose name; * stands for any letters' },
      {
        name: 'verb',
        value: 'VERB',
        help: 'get, create, delete, ...; "write" for all that change something',
        repeats: true,
      },
      { name: 'namespace', short: 'n', value: 'NAME', help: 'Where' },
      { name: 'since', value: 'DURATION', help: 'How far back: 30m, 24h, 7d' },
      { name: 'refused', help: 'Only what was not allowed' },
      { name: 'tail', value: 'LINES', help: 'How many of the last', default: String(DEFAULT_LINES) },
      { name: 'follow', short: 'f', help: 'Go on with what comes, until Ctrl-C' },
      { ...OUTPUT_OPTION, help: 'How to print; json: the events as they are in the log' },
      DATA_DIR,
    ],
    maxArguments: 1,
  },
  async run(parsed, io) {
    const { options } = parsed
    const dataDir = dataDirOf(options)
    const log = join(dataDir, AUDIT_LOG)
    const matches = selector(wantedOf(parsed, io))
    const count = linesOf(parsed)
    if (!existsSync(log))
      throw new CommandError(
        `there is no audit log at ${log}`,
        `./brume up --data-dir ${dataDir}   (without --no-audit)`,
      )
    const { end } = await tailOf(log, 0)
    const events = await readEvents(log, { matches, count })
    const printer = options['output'] === 'json' ? asJson : printerFor(events)
    if (events.length > 0 || options['follow'] !== undefined) io.out.write(printer.head())
    else if (options['output'] !== 'json') io.out.write('nothing of this kind is recorded\n')
    io.out.write(printer.rows(events))
    if (options['follow'] !== undefined) await follow(log, end, { matches, printer }, io)
    return EXIT_OK
  },
}

const asJson: Printer = {
  head: () => '',
  rows: (events) => events.map(({ line }) => `${line}\n`).join(''),
}

function wantedOf({ options, lists, words }: ParsedCommand, { clock }: Io) {
  const since = options['since']
  return {
    user: options['user'],
    verbs: lists['verb'],
    namespace: options['namespace'],
    object: words[0],
    refused: options['refused'] !== undefined,
    sinceMs: since === undefined ? undefined : clock.now() - durationMs(since),
  }
}

function durationMs(text: string): number {
  const days = /^(\d{1,5})d$/.exec(text)?.[1]
  const ns = days === undefined ? parseGoDuration(text) : BigInt(days) * DAY_NS
  if (ns === undefined || ns < 0n)
    throw new UsageError(`--since ${text} is no duration. Next: ./brume audit --since 24h`)
  return Number(ns / NS_PER_MS)
}

async function follow(
  log: string,
  from: number,
  { matches, printer }: { matches(event: AuditEvent): boolean; printer: Printer },
  { out }: Io,
): Promise<void> {
  // A piece may end within a line.
  let rest = ''
  const onText = (text: string) => {
    const lines = `${rest}${text}`.split('\n')
    rest = lines.pop() ?? ''
    const events = lines.map(eventOf).filter((event) => event !== undefined)
    out.write(printer.rows(events.filter(matches)))
  }
  await followFile(log, from, onText, interrupted())
}
