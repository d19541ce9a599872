// The store that a test of the contract suite has: a new one for each test.

import type { Clock } from '@brume/base/clock'
import type { Entry, Expectation, Store } from '../contract.ts'
import { ManualClock } from '../manual-clock.ts'
import { putOf } from './steps.ts'

export interface OpenedStore {
  store: Store
  /** Removes what the store left; the store is closed by then. */
  remove(): Promise<void>
}

export type OpenStore = (options: { clock: Clock }) => Promise<OpenedStore>

export class SuiteStore {
  readonly #open: OpenStore
  #opened: OpenedStore | undefined
  clock = new ManualClock()

  constructor(open: OpenStore) {
    this.#open = open
  }

  get store(): Store {
    return this.#opened!.store
  }

  async open(): Promise<void> {
    this.clock = new ManualClock()
    this.#opened = await this.#open({ clock: this.clock })
  }

  async close(): Promise<void> {
    await this.store.close()
    await this.#opened!.remove()
  }

  put(key: string, value: string, expect?: Expectation): Promise<Entry> {
    return this.store.commit(putOf(key, value, expect))
  }

  delete(key: string, expect?: Expectation): Promise<Entry> {
    return this.store.commit({ kind: 'delete', key, expect })
  }
}
