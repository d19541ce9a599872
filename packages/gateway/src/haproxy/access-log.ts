// The access log does not grow without end. HAProxy writes it as its standard output: another process that takes over
// begins a new file, and what the one before still has to say goes where it began.

import { existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ACCESS_LOG } from './process.ts'

/** From this size on it is put aside; so many are kept, the newest as `access.log.1`. */
export const MAX_ACCESS_LOG_BYTES = 64 * 1024 * 1024
export const KEPT_ACCESS_LOGS = 4

/** One that is not there was put aside, and the process that was to begin another did not come. */
export function isFull(dir: string, maxBytes: number): boolean {
  return (statSync(join(dir, ACCESS_LOG), { throwIfNoEntry: false })?.size ?? maxBytes) >= maxBytes
}

/** Puts it aside. Whoever has it open writes on in it. */
export function putAside(dir: string): void {
  if (!existsSync(join(dir, ACCESS_LOG))) return
  const name = (age: number) => join(dir, age === 0 ? ACCESS_LOG : `${ACCESS_LOG}.${age}`)
  rmSync(name(KEPT_ACCESS_LOGS), { force: true })
  for (let age = KEPT_ACCESS_LOGS - 1; age >= 0; age--)
    if (existsSync(name(age))) renameSync(name(age), name(age + 1))
}
