// How every thread opens the database file.

import { DatabaseSync } from 'node:sqlite'

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
