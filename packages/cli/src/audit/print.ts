// Events as a table for people.

import type { AuditEvent } from './event.ts'

const HEAD = ['TIME (UTC)', 'WHO', 'VERB', 'WHAT', 'NAMESPACE', 'FROM', 'RESULT']
/** So that what comes later fits under what was printed first. */
const LEAST_WIDTHS = [19, 12, 6, 16, 9, 9, 0]
const MAX_WIDTHS = [19, 48, 16, 60, 32, 40, 0]

export interface Printer {
  head(): string
  rows(events: readonly AuditEvent[]): string
}

/** Columns are as wide as `events` need, and stay so. */
export function printerFor(events: readonly AuditEvent[]): Printer {
  const cells = [HEAD, ...events.map(cellsOf)]
  const widths = HEAD.map((_, i) =>
    Math.min(MAX_WIDTHS[i]!, Math.max(LEAST_WIDTHS[i]!, ...cells.map((row) => row[i]!.length))),
  )
  const print = (row: readonly string[]) =>
    `${row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd()}\n`
  return { head: () => print(HEAD), rows: (more) => more.map((event) => print(cellsOf(event))).join('') }
}

function cellsOf(event: AuditEvent): string[] {
  const { time, user, as, verb, namespace, from, client } = event
  const who = user === '' ? '(unknown)' : user
  return [
    time.slice(0, 19).replace('T', ' '),
    as === '' ? who : `${who} as ${as}`,
    verb,
    whatOf(event),
    namespace,
    [from.at(-1) ?? 'the cloud', client].filter((part) => part !== '').join(' '),
    resultOf(event),
  ].map(printable)
}

function whatOf({ resource, name, uri }: AuditEvent): string {
  if (resource === '') return uri.split('?', 1)[0]!
  if (name === '') return resource
  const [base, subresource] = resource.split('/')
  return `${base}/${name}${subresource === undefined ? '' : `/${subresource}`}`
}

function resultOf({ code, reason, message }: AuditEvent): string {
  if (code < 400) return String(code)
  const why = [reason, message].filter((part) => part !== '').join(': ')
  return why === '' ? String(code) : `${code} ${why}`
}

/** Names and messages are what somebody sent: nothing that a terminal would obey. */
const printable = (text: string) => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/g, '?')
