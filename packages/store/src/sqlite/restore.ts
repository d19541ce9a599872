// Puts a backup in the place of a store. The store must not be running.

import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import type { EncryptionKeys } from '../encryption/keys.ts'
import { renameDurably, syncPath } from '../files.ts'
import { corrupt, storeErrorOf } from './errors.ts'
import {
  createPrivateFile,
  finishRestore,
  removeDatabase,
  STORE_FILE,
  stagedFile,
  withDatabase,
} from './file.ts'
import { load, newestRevision, readCompacted } from './load.ts'
import { acquireLock } from './lock.ts'
import { assertSound, migrate } from './schema.ts'

/**
 * How far a restored store's revisions jump ahead. What was written after the backup was seen by clients under
 * revisions that the backup does not know; were these given out again, a client that watches from one of them would
 * silently miss changes, and one that updates with one could overwrite another's. Past the jump, every revision from
 * before the restore is compacted, so all clients list again. A billion is more than a day of writes at full speed.
 */
const RESTORE_STEP = 1_000_000_000

export interface RestoreOptions {
  /** The backup. It is only read. */
  backup: string
  /** The store's directory; made when it is missing. */
  dir: string
  /** To check that the values can be decrypted. */
  keys?: EncryptionKeys
}

export interface Restored {
  /** The revision at which the restored store begins. */
  revision: number
  /** The database that was there before, now under this name; undefined: there was none. */
  aside: string | undefined
}

/**
 * Verifies the backup (structure, checksums, schema version, keys), then puts it in place. A crash on the way leaves
 * either the old store or the restored one: the next open finishes a restore that had been verified. Throws StoreError
 * 'locked', 'corrupt', 'schema-version', 'encryption-key', 'unavailable'.
 */
export function restoreBackup({ backup, dir, keys }: RestoreOptions): Restored {
  const file = join(dir, STORE_FILE)
  const lock = acquireLock(file)
  const staging = `${file}.partial`
  try {
    finishRestore(file)
    removeDatabase(staging)
    if (!existsSync(backup)) throw corrupt(backup, 'it does not exist')
    createPrivateFile(staging)
    copyFileSync(backup, staging)
    const revision = prepare({ staging, backup, keys, beyond: newestOf(file) })
    syncPath(staging)
    renameDurably(staging, stagedFile(file))
    return { revision, aside: finishRestore(file) }
  } catch (error) {
    throw storeErrorOf(error, 'restoring', file)
  } finally {
    removeDatabase(staging)
    lock.release()
  }
}

interface Prepare {
  staging: string
  backup: string
  keys: EncryptionKeys | undefined
  /** The newest revision of the store that is replaced, if it can be told. */
  beyond: number
}

/** Verifies the copy and moves its revisions ahead; returns the new one. */
function prepare({ staging, backup, keys, beyond }: Prepare): number {
  return withDatabase(staging, { readOnly: false, about: backup }, (db) => {
    assertSound(db, backup)
    migrate(db, backup)
    const { state } = load({ db, file: backup, keys })
    const revision = Math.max(state.revision, beyond) + RESTORE_STEP
    db.prepare("UPDATE meta SET value = ? WHERE name = 'compacted'").run(revision)
    return revision
  })
}

function newestOf(file: string): number {
  if (!existsSync(file)) return 0
  try {
    return withDatabase(file, { readOnly: false }, (db) =>
      Math.max(newestRevision(db), readCompacted(db, file)),
    )
  } catch {
    // It is damaged, or foreign: that is why it is replaced.
    return 0
  }
}
