// How every thread opens the database file.

import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { syncPath } from '../files.ts'

/** A checkpoint or a backup may hold a lock for a moment. */
const BUSY_TIMEOUT_MS = 10_000

/**
 * A connection that survives power loss: write-ahead log, an fsync for every commit. The file must never be opened by
 * other means within this process: closing any descriptor of it would drop SQLite's locks (POSIX).
 */
export function connect(file: string, options: { readOnly?: boolean } = {}): DatabaseSync {
  const db = new DatabaseSync(file, { readOnly: options.readOnly ?? false, timeout: BUSY_TIMEOUT_MS })
  try {
    if (!options.readOnly) db.exec('PRAGMA journal_mode = WAL')
    db.exec('PRAGMA synchronous = FULL')
    // What a value leaves behind is overwritten where that needs no extra write: Secrets may have been plain once.
    db.exec('PRAGMA secure_delete = FAST')
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/**
 * Makes durable what can be read. A process that was killed between a write and its fsync leaves a commit that the next
 * one finds, in the memory of the system only: once it is shown, a power loss must not take it back. The log, unlike the
 * database, has no lock that closing a descriptor of it would drop.
 */
export function syncLog(file: string): void {
  const log = `${file}-wal`
  if (!existsSync(log)) return
  syncPath(log)
  syncPath(dirname(log))
}
