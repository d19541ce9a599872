// What every implementation of the store must do. Run it with `contractSuite('name', open)` from a test file; `open`
// gives a new empty store, which the suite closes and removes.

import { afterEach, beforeEach, describe } from 'node:test'
import { closingSuite, compactionSuite, expirySuite } from './contract-suite/lifetime.ts'
import { listsSuite } from './contract-suite/lists.ts'
import { type OpenStore, SuiteStore } from './contract-suite/suite-store.ts'
import { watchesSuite } from './contract-suite/watches.ts'
import { pendingSuite, writesSuite } from './contract-suite/writes.ts'

export function contractSuite(name: string, open: OpenStore): void {
  describe(`store contract: ${name}`, () => {
    const suiteStore = new SuiteStore(open)
    beforeEach(() => suiteStore.open())
    afterEach(() => suiteStore.close())
    describe('writes', () => writesSuite(suiteStore))
    describe('pending writes', () => pendingSuite(suiteStore))
    describe('lists', () => listsSuite(suiteStore))
    describe('watches', () => watchesSuite(suiteStore))
    describe('compaction', () => compactionSuite(suiteStore))
    describe('expiry', () => expirySuite(suiteStore))
    describe('closing', () => closingSuite(suiteStore))
  })
}
