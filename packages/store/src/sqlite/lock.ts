// One process at a time owns a data directory. The lock is SQLite's own exclusive lock on a file of its own: the
// kernel releases it when the process dies, however it dies.

import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../contract.ts'
import { makeFolderDurably } from '../files.ts'
import { isBusy, storeErrorOf } from './errors.ts'

export interface Lock {
  /** Idempotent. */
  release(): void
}

/**
 * Makes the directory of `file` when it is missing (0700). Throws StoreError: 'locked' when another process, or another
 * store of this one, holds it; 'unavailable' when it cannot be used.
 */
export function acquireLock(file: string): Lock {
  const lockFile = `${file}.lock`
  try {
    makeFolderDurably(dirname(file))
    // Only created here: opening and closing it while it is locked would drop the lock.
    if (!existsSync(lockFile)) closeSync(openSync(lockFile, 'a', 0o600))
    const db = new DatabaseSync(lockFile)
    lockOrClose(db)
    writeOwner(file)
    return { release: () => db.isOpen && db.close() }
  } catch (error) {
    if (!isBusy(error)) throw storeErrorOf(error, 'locking', lockFile)
    const owner = readOwner(file)
    throw new StoreError('locked', `${file} is in use by ${owner}: stop it first (./brume down)`, {
      cause: error,
    })
  }
}

function lockOrClose(db: DatabaseSync): void {
  try {
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    throw error
  }
}

function ownerFile(file: string): string {
  return `${file}.pid`
}

/** Only for the message of the next one who comes; a full disk must not keep the store from opening. */
function writeOwner(file: string): void {
  try {
    writeFileSync(ownerFile(file), `${process.pid}\n`, { mode: 0o600 })
  } catch {}
}

function readOwner(file: string): string {
  try {
    return `process ${readFileSync(ownerFile(file), 'utf8').trim()}`
  } catch {
    return 'another process'
  }
}
