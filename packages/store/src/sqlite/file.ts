// The database file as a whole: making it, reading it, finishing a restore that was interrupted.

import { closeSync, existsSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { renameDurably } from '../files.ts'
import { connect } from './connection.ts'
import { corrupt, storeErrorOf } from './errors.ts'
import { migrate } from './schema.ts'

/** The database's name within the data directory. */
export const STORE_FILE = 'store.db'

/** What SQLite keeps beside a database. */
const COMPANIONS = ['-wal', '-shm']

/** A complete and verified database that is to take the place of `file`. */
export function stagedFile(file: string): string {
  return `${file}.restoring`
}

/** Makes an empty store when there is none. Under the lock. */
export function ensureFile(file: string): void {
  finishRestore(file)
  if (existsSync(file)) {
    // An empty store is not an empty file: that would be a store that lost everything.
    if (statSync(file).size === 0) throw corrupt(file, 'it is empty')
    return
  }
  if (existsSync(`${file}-wal`)) throw corrupt(file, 'it is missing, but its write-ahead log is there')
  const fresh = `${file}.new`
  removeDatabase(fresh)
  createPrivateFile(fresh)
  const db = connect(fresh)
  try {
    migrate(db, fresh)
  } finally {
    db.close()
  }
  renameDurably(fresh, file)
}

export interface DatabaseUse {
  readOnly: boolean
  /** The file that errors are about, when it is not the one that is opened. */
  about?: string
}

/** Runs `use` with a connection that is closed afterwards; errors become StoreErrors. */
export function withDatabase<T>(file: string, options: DatabaseUse, use: (db: DatabaseSync) => T): T {
  try {
    const db = connect(file, options)
    try {
      return use(db)
    } finally {
      db.close()
    }
  } catch (error) {
    throw storeErrorOf(error, 'opening', options.about ?? file)
  }
}

/**
 * A staged database takes its place; the one that was there is kept aside. Every step can be repeated after a crash.
 * Returns where the old one went.
 */
export function finishRestore(file: string): string | undefined {
  const staged = stagedFile(file)
  if (!existsSync(staged)) return undefined
  // From the staged file's own time, so that a repetition gives the same name.
  const stamp = statSync(staged).mtime.toISOString().replaceAll(':', '-')
  const aside = `${file}.before-restore-${stamp}`
  let moved = existsSync(aside)
  for (const suffix of ['', ...COMPANIONS]) {
    if (!existsSync(file + suffix)) continue
    renameSync(file + suffix, aside + suffix)
    moved = true
  }
  renameDurably(staged, file)
  return moved ? aside : undefined
}

/** An empty file that only its owner can read. Throws when the path exists. */
export function createPrivateFile(path: string): void {
  closeSync(openSync(path, 'wx', 0o600))
}

export function removeDatabase(path: string): void {
  for (const suffix of ['', '-journal', ...COMPANIONS]) rmSync(path + suffix, { force: true })
}
