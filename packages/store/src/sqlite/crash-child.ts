// The process that the crash test kills: writes as fast as it can and says on standard output what it has asked for,
// what was acknowledged, what watchers were told, what was rejected. Lines are written synchronously, so that what
// was said before the kill can be read after it.
//
//   node crash-child.ts DIR SEED COMMIT_DELAY_MS FULL_DISKS

import { writeSync } from 'node:fs'
import { assert } from '@brume/base/assert'
import { seededRandom } from '@brume/base/seeded-random'
import { StoreError, type StoreEvent } from '../contract.ts'
import { COMMIT_DELAY_MS, MAX_PAGES, makeFaults } from './faults.ts'
import { openSqliteStore } from './open.ts'

export type Said =
  /** The revision at which the process found the store. */
  | { readonly said: 'start'; readonly revision: number }
  | { readonly said: 'sent'; readonly fact: Fact }
  | { readonly said: 'acknowledged' | 'published' | 'rejected'; readonly revision: number }

export interface Fact {
  readonly type: 'put' | 'delete'
  readonly key: string
  readonly revision: number
  readonly value: string
}

const WRITERS = 24
const KEYS = 40
/** A full disk lasts this many rejected writes. */
const REJECTIONS_UNTIL_ROOM = 30
/** Never notified. */
const PAUSE = new Int32Array(new SharedArrayBuffer(4))

const [dir, seed, commitDelayMs, fullDisks] = process.argv.slice(2)
assert(dir !== undefined, 'the directory is the first argument')
const random = seededRandom(Number(seed))
const faults = makeFaults()
Atomics.store(faults, COMMIT_DELAY_MS, Number(commitDelayMs))
/** History is never compacted, so that the test can read all of it. */
const retention = { historyMs: 1e9, historyEvents: Infinity, historyBytes: Infinity }
const store = await openSqliteStore({ dir, faults, retention })
let rejections = 0

say({ said: 'start', revision: store.revision })
const onEvents = (events: readonly StoreEvent[]) => {
  for (const { revision } of events) say({ said: 'published', revision })
}
store.watch({ prefix: 'pods', after: store.revision, onEvents })
for (let writer = 0; writer < WRITERS; writer++) void writeForever()

async function writeForever(): Promise<never> {
  for (;;) {
    const key = `pods/${random.below(KEYS)}`
    const current = store.getPending(key)
    const type = current !== undefined && random.chance(0.2) ? 'delete' : 'put'
    let revision = 0
    const encode = (given: number) => {
      revision = given
      const value = `${key} at ${given} ${'.'.repeat(random.below(6_000))}`
      say({ said: 'sent', fact: { type, key, revision, value: value.slice(0, 40) } })
      return { value: Buffer.from(value) }
    }
    const expect = current === undefined ? { absent: true as const } : { revision: current.revision }
    if (fullDisks === 'true' && random.chance(0.01)) Atomics.store(faults, MAX_PAGES, 1)
    try {
      await store.commit({ kind: type, key, expect, encode })
      say({ said: 'acknowledged', revision })
    } catch (error) {
      assert(
        error instanceof StoreError && error.code === 'unavailable',
        `only a full disk rejects: ${error}`,
      )
      say({ said: 'rejected', revision })
      if (++rejections % REJECTIONS_UNTIL_ROOM === 0) Atomics.store(faults, MAX_PAGES, 0)
    }
  }
}

/** Blocks until the line is in the pipe, also when the parent reads slowly. */
function say(said: Said): void {
  let line = Buffer.from(`${JSON.stringify(said)}\n`)
  while (line.byteLength > 0) {
    try {
      line = line.subarray(writeSync(1, line))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
      Atomics.wait(PAUSE, 0, 0, 1)
    }
  }
}
