// One process at a time owns a data directory. The lock is SQLite's own exclusive lock on a file of its own: the
// kernel releases it when the process dies, however it dies.

import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../contract.ts'
import { isBusy, storeErrorOf } from './errors.ts'

export interface Lock {
  release(): void
}

/** Throws 'locked' when another process, or another store of this one, holds the directory of `file`. */
export function acquireLock(file: string): Lock {
  const lockFile = `${file}.lock`
  // Only created here: opening and closing it while it is locked would drop the lock.
  if (!existsSync(lockFile)) closeSync(openSync(lockFile, 'a', 0o600))
  const db = new DatabaseSync(lockFile)
  try {
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    if (!isBusy(error)) throw storeErrorOf(error, 'locking', lockFile)
    const owner = readOwner(file)
    throw new StoreError('locked', `${file} is in use by ${owner}: stop it first (brume down)`, {
      cause: error,
    })
  }
  writeFileSync(ownerFile(file), `${process.pid}\n`, { mode: 0o600 })
  return { release: () => db.close() }
}

function ownerFile(file: string): string {
  return `${file}.pid`
}

function readOwner(file: string): string {
  try {
    return `process ${readFileSync(ownerFile(file), 'utf8').trim()}`
  } catch {
    return 'another process'
  }
}
