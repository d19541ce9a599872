// The store of a data directory, with Secrets encrypted by a key file beside the certificates.

import { builtinResources } from '@brume/api/kinds/builtin'
import { bucketOf } from '@brume/apiserver/registry/entries'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import { ensureKeyFile } from '@brume/store/encryption/key-file'
import { openSqliteStore, type SqliteStore } from '@brume/store/sqlite/open'
import type { DataDir } from './data-dir.ts'

/** Throws StoreError. */
export function openStore(options: { dir: DataDir; clock: Clock; logger: Logger }): Promise<SqliteStore> {
  const { dir, clock, logger } = options
  return openSqliteStore({ dir: dir.store, clock, logger, encryption: encryptionOf(dir) })
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
