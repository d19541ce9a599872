// Opens a store in a SQLite file.

import { join } from 'node:path'
import { type Clock, systemClock } from '@brume/base/clock'
import { type Logger, silentLogger } from '@brume/base/log'
import type { Store } from '../contract.ts'
import type { Encryption, EncryptionKeys } from '../encryption/keys.ts'
import { bucketOf } from '../memory/keys.ts'
import { DEFAULT_RETENTION, type RetentionLimits } from '../memory/retention.ts'
import { RevisionedStore } from '../memory/revisioned-store.ts'
import type { MemoryState } from '../memory/state.ts'
import { backupTo } from './backup.ts'
import { CheckpointerClient } from './checkpointer-client.ts'
import { connect } from './connection.ts'
import { storeErrorOf } from './errors.ts'
import { type Faults, makeFaults } from './faults.ts'
import { ensureFile, STORE_FILE } from './file.ts'
import { load } from './load.ts'
import { acquireLock, type Lock } from './lock.ts'
import { migrate } from './schema.ts'
import { WriterClient } from './writer-client.ts'

export interface SqliteStoreOptions {
  /** The directory of the store; made when it is missing (0700). */
  dir: string
  clock?: Clock
  logger?: Logger
  retention?: Partial<RetentionLimits>
  encryption?: Encryption
  /** Of `lockStore(dir)`; default: taken here. Opening releases it when it fails, closing in any case. */
  lock?: Lock
  /** Only for tests and drills. */
  faults?: Faults
}

export interface SqliteStore extends Store {
  readonly file: string
  /**
   * Rewrites every value that is not stored as it would be now (encrypted with the first key, or plain), online and
   * without new revisions. `keys`: the new keys after a rotation, the old ones still among them. Once it resolves, the
   * old keys are needed by older backups only. Idempotent; may be repeated after a failure.
   */
  reencrypt(keys?: EncryptionKeys): Promise<{ rewritten: number }>
}

/**
 * Takes a store's directory for this process, for who has more to do there before the store is opened. Throws
 * StoreError: 'locked', 'unavailable'.
 */
export function lockStore(dir: string): Lock {
  return acquireLock(join(dir, STORE_FILE))
}

/**
 * Opens the store of a directory, or makes an empty one. Throws StoreError: 'locked', 'corrupt', 'schema-version',
 * 'encryption-key', 'unavailable'.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const file = join(options.dir, STORE_FILE)
  const lock = options.lock ?? acquireLock(file)
  const { encryption, logger = silentLogger, faults = makeFaults() } = options
  const encrypts = (key: string) => encryption?.buckets(bucketOf(key)) ?? false
  const writer = new WriterClient({ file, keys: encryption?.keys, faults }, encrypts)
  const checkpointer = new CheckpointerClient(file, logger)
  const close = async () => {
    await checkpointer.stop()
    await writer.close()
    lock.release()
  }
  try {
    ensureFile(file)
    const loaded = await loadAndStart({ file, writer, keys: encryption?.keys })
    const store = new RevisionedStore({
      ...loaded,
      backend: {
        async write(batch) {
          await writer.write(batch)
          checkpointer.wake()
        },
        backup: (path) => backupTo(file, path),
        close,
      },
      logger,
      clock: options.clock ?? systemClock,
      retention: { ...DEFAULT_RETENTION, ...options.retention },
    })
    const reencrypt = (keys = encryption?.keys) =>
      reencryptAll({ state: loaded.state, writer, encryption, keys })
    return Object.assign(store, { file, reencrypt })
  } catch (error) {
    await close()
    throw storeErrorOf(error, 'opening', file)
  }
}

/** The writer thread starts while the main thread reads. */
async function loadAndStart(options: {
  file: string
  writer: WriterClient
  keys: EncryptionKeys | undefined
}) {
  const { file, writer, keys } = options
  const db = connect(file)
  let starting: Promise<unknown> | undefined
  try {
    migrate(db, file)
    starting = writer.start()
    const loaded = load({ db, file, keys })
    await starting
    return loaded
  } finally {
    await Promise.allSettled([starting])
    db.close()
  }
}

async function reencryptAll(options: {
  state: MemoryState
  writer: WriterClient
  encryption: Encryption | undefined
  keys: EncryptionKeys | undefined
}): Promise<{ rewritten: number }> {
  const { state, writer, encryption, keys } = options
  if (encryption === undefined || keys === undefined) return { rewritten: 0 }
  let rewritten = 0
  for (let next: number | undefined = 0; next !== undefined; ) {
    const buckets = new Set(state.bucketNames().filter((bucket) => encryption.buckets(bucket)))
    const step = await writer.reencrypt({ after: next, keys, buckets })
    rewritten += step.rewritten
    next = step.next
  }
  return { rewritten }
}
