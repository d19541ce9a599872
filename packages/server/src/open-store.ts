// The store of a data directory, with Secrets encrypted by a key file beside the certificates.

import { builtinResources } from '@brume/api/kinds/builtin'
import { bucketOf } from '@brume/apiserver/registry/entries'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import { ensureKeyFile } from '@brume/store/encryption/key-file'
import type { Faults } from '@brume/store/sqlite/faults'
import { openSqliteStore, type SqliteStore } from '@brume/store/sqlite/open'
import type { DataDir } from './data-dir.ts'

export interface OpenStoreOptions {
  dir: DataDir
  clock: Clock
  logger: Logger
  /** Only for tests and drills. */
  faults?: Faults | undefined
}

/** Throws StoreError. */
export function openStore(options: OpenStoreOptions): Promise<SqliteStore> {
  const { dir, clock, logger, faults } = options
  const encryption = encryptionOf(dir)
  return openSqliteStore({ dir: dir.store, clock, logger, encryption, ...(faults && { faults }) })
}

/** Which buckets are encrypted, and with what. The key file is made on first use. */
export function encryptionOf(dir: DataDir) {
  const sensitive = new Set(
    builtinResources()
      .filter((definition) => definition.sensitive)
      .map(bucketOf),
  )
  return { buckets: (bucket: string) => sensitive.has(bucket), keys: ensureKeyFile(dir.encryptionKeys) }
}
