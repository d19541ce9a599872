// The events of an audit log, as any reader of lines sees them.

import { readFileSync } from 'node:fs'

// biome-ignore lint/suspicious/noExplicitAny: events as they are read
export type AuditEvent = any

/** Of whole lines only. Throws for one that is no event. */
export function auditEventsIn(path: string): AuditEvent[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line))
}
