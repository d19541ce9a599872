// The store of a data directory, with Secrets encrypted by a key file beside the certificates.

import { existsSync, rmSync } from 'node:fs'
import { bucketOf } from '@brume/apiserver/registry/entries'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import { StoreError } from '@brume/store/contract'
import { ensureKeyFile } from '@brume/store/encryption/key-file'
import type { Faults } from '@brume/store/sqlite/faults'
import type { Lock } from '@brume/store/sqlite/lock'
import { openSqliteStore, type SqliteStore } from '@brume/store/sqlite/open'
import type { DataDir } from './data-dir.ts'

export interface OpenStoreOptions {
  dir: DataDir
  clock: Clock
  logger: Logger
  /** Of the store: two that start at once must not both make a key. */
  lock: Lock
  /** Only for tests and drills. */
  faults?: Faults | undefined
}

/** Throws StoreError. */
export async function openStore(options: OpenStoreOptions): Promise<SqliteStore> {
  const { dir, clock, logger, lock, faults } = options
  const isNewKey = !existsSync(dir.encryptionKeys)
  try {
    const sensitive = new Set<string>()
    const encryption = {
      buckets: (bucket: string) => sensitive.has(bucket),
      keys: ensureKeyFile(dir.encryptionKeys),
    }
    const opening = openSqliteStore({
      dir: dir.store,
      clock,
      logger,
      lock,
      encryption,
      ...(faults && { faults }),
    })
    // Nobody can write before both are there: the kinds are loaded while the store's thread starts.
    const [store] = await Promise.all([opening, findSensitive(sensitive)])
    return store
  } catch (error) {
    lock.release()
    if (!isNewKey || !(error instanceof StoreError) || error.code !== 'encryption-key') throw error
    // The new key fits nothing that is there: it must not pass for the one that was lost.
    rmSync(dir.encryptionKeys, { force: true })
    throw new StoreError('encryption-key', `${dir.encryptionKeys} is missing: ${error.message}`, {
      cause: error,
    })
  }
}

/** The buckets that are encrypted. */
async function findSensitive(buckets: Set<string>): Promise<void> {
  const { builtinResources } = await import('@brume/api/kinds/builtin')
  for (const definition of builtinResources()) {
    if (definition.sensitive) buckets.add(bucketOf(definition))
  }
}
