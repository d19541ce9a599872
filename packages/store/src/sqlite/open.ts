// Opens a store in a SQLite file.

import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, systemClock } from '@brume/base/clock'
import { type Logger, silentLogger } from '@brume/base/log'
import { type Store, StoreError } from '../contract.ts'
import type { Batch } from '../memory/backend.ts'
import { DEFAULT_RETENTION, type RetentionLimits } from '../memory/retention.ts'
import { RevisionedStore } from '../memory/revisioned-store.ts'
import { CheckpointerClient } from './checkpointer-client.ts'
import { connect } from './connection.ts'
import { corrupt, storeErrorOf } from './errors.ts'
import { type Loaded, load } from './load.ts'
import { acquireLock, type Lock } from './lock.ts'
import { migrate } from './schema.ts'
import { WriterClient } from './writer-client.ts'

/** The database's name within the data directory. */
export const STORE_FILE = 'store.db'

export interface SqliteStoreOptions {
  /** The directory of the store; made when it is missing (0700). */
  dir: string
  clock?: Clock
  logger?: Logger
  retention?: Partial<RetentionLimits>
}

export interface SqliteStore extends Store {
  readonly file: string
}

/**
 * Opens the store of a directory, or makes an empty one. Throws StoreError: 'locked', 'corrupt', 'schema-version',
 * 'unavailable'.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { dir, clock = systemClock, logger = silentLogger } = options
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const file = join(dir, STORE_FILE)
  const lock = acquireLock(file)
  try {
    if (!existsSync(file)) closeSync(openSync(file, 'wx', 0o600))
    return await start({
      file,
      lock,
      clock,
      logger,
      retention: { ...DEFAULT_RETENTION, ...options.retention },
    })
  } catch (error) {
    lock.release()
    throw error
  }
}

interface Start {
  file: string
  lock: Lock
  clock: Clock
  logger: Logger
  retention: RetentionLimits
}

async function start({ file, lock, clock, logger, retention }: Start): Promise<SqliteStore> {
  const loaded = read(file)
  const writer = new WriterClient({ file }, () => false)
  const checkpointer = new CheckpointerClient(file, logger)
  await writer.start()
  checkpointer.start()
  const backend = {
    async write(batch: Batch): Promise<void> {
      await writer.write(batch)
      checkpointer.wake()
    },
    async backup(): Promise<never> {
      throw new StoreError('unavailable', 'not yet')
    },
    async close(): Promise<void> {
      await checkpointer.stop()
      await writer.close()
      lock.release()
    },
  }
  const store = new RevisionedStore({ ...loaded, backend, clock, logger, retention })
  return Object.assign(store, { file })
}

function read(file: string): Loaded {
  try {
    const db = connect(file)
    try {
      migrate(db, file)
      return load({
        db,
        file,
        decrypt: (row) => {
          throw corrupt(file, row.key)
        },
      })
    } finally {
      db.close()
    }
  } catch (error) {
    throw storeErrorOf(error, 'opening', file)
  }
}
