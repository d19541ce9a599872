// A store without durability: for simulations and for tests of the layers above.

import { type Clock, systemClock } from '@brume/base/clock'
import { type Logger, silentLogger } from '@brume/base/log'
import { type Store, StoreError } from '../contract.ts'
import { DEFAULT_RETENTION, type RetentionLimits } from './retention.ts'
import { RevisionedStore } from './revisioned-store.ts'
import { MemoryState } from './state.ts'

export interface MemoryStoreOptions {
  clock?: Clock
  logger?: Logger
  retention?: Partial<RetentionLimits>
}

export function openMemoryStore(options: MemoryStoreOptions = {}): Store {
  return new RevisionedStore({
    state: new MemoryState(),
    backend: {
      write: async () => {},
      backup: async () => {
        throw new StoreError('unavailable', 'a store in memory has no backup')
      },
      close: async () => {},
    },
    clock: options.clock ?? systemClock,
    logger: options.logger ?? silentLogger,
    retention: { ...DEFAULT_RETENTION, ...options.retention },
  })
}
