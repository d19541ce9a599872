// The audit log's files, read from the newest back until there is enough.

import { createReadStream, existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { type AuditEvent, eventOf } from './event.ts'

export interface Asked {
  matches(event: AuditEvent): boolean
  /** At most so many, the newest. */
  count: number
}

/** Below the data directory. */
export const AUDIT_LOG = join('audit', 'audit.log')

/** In the order in which they were written. */
export async function readEvents(log: string, { matches, count }: Asked): Promise<AuditEvent[]> {
  let found: AuditEvent[] = []
  for (const path of filesOf(log)) {
    if (found.length >= count) break
    const older = await lastIn(path, { matches, count: count - found.length })
    found = [...older, ...found]
  }
  return found
}

/** Newest first. Names of earlier files hold a time, so that their order is that of the alphabet. */
function filesOf(log: string): string[] {
  const folder = dirname(log)
  const earlier = readdirSync(folder)
    .filter((name) => /^audit-\d{4}-.*\.log$/.test(name))
    .sort()
    .reverse()
  return [...(existsSync(log) ? [log] : []), ...earlier.map((name) => join(folder, name))]
}

async function lastIn(path: string, { matches, count }: Asked): Promise<AuditEvent[]> {
  let found: AuditEvent[] = []
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    const event = eventOf(line)
    if (event === undefined || !matches(event)) continue
    found.push(event)
    // Now and then, so that what is kept has a bound and is not moved for each line.
    if (found.length >= 2 * count) found = found.slice(-count)
  }
  return found.slice(-count)
}
