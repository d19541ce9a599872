// A database file to look at, a backup for instance: its content as of now, without the lock and without writing.

import { systemClock } from '@brume/base/clock'
import { silentLogger } from '@brume/base/log'
import { type Store, StoreError } from '../contract.ts'
import type { EncryptionKeys } from '../encryption/keys.ts'
import { DEFAULT_RETENTION } from '../memory/retention.ts'
import { RevisionedStore } from '../memory/revisioned-store.ts'
import { withDatabase } from './file.ts'
import { load } from './load.ts'
import { assertCurrent } from './schema.ts'

/** Reads and checks `file`. Commits are refused. Throws StoreError 'corrupt', 'schema-version', 'encryption-key'. */
export function openReadOnly(file: string, options: { keys?: EncryptionKeys } = {}): Store {
  const { state } = withDatabase(file, { readOnly: true }, (db) => {
    assertCurrent(db, file)
    return load({ db, file, keys: options.keys })
  })
  const refuse = async (): Promise<never> => {
    throw new StoreError('unavailable', `${file} was opened for reading only`)
  }
  return new RevisionedStore({
    state,
    backend: { write: refuse, backup: refuse, close: async () => {} },
    clock: systemClock,
    logger: silentLogger,
    retention: DEFAULT_RETENTION,
  })
}
