// The process that the crash tests kill, or record: writes as fast as it can and says on standard output what it has
// asked for, what was acknowledged, what watchers were told, what was rejected. Lines are written synchronously, so that
// what was said before the kill can be read after it.
//
//   node crash-child.ts OPTIONS (CrashOptions, as JSON)

import { writeSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { assert } from '@brume/base/assert'
import { seededRandom } from '@brume/base/seeded-random'
import { StoreError, type StoreEvent } from '../contract.ts'
import { COMMIT_DELAY_MS, MAX_PAGES, makeFaults } from './faults.ts'
import { openSqliteStore } from './open.ts'

export interface CrashOptions {
  dir: string
  seed: number
  commitDelayMs?: number
  /** The disk is full now and then. */
  fullDisks?: boolean
  writers: number
  maxValueBytes: number
  /** Absent: history is never compacted, so that the test can read all of it. */
  historyEvents?: number
  /** After so many acknowledgements all writers rest, so that the checkpointer comes to the end of the log. */
  restAfter?: number
  /** Absent: it writes until it is killed. */
  end?: { after: number; how: 'kill' | 'close' }
}

export type Said =
  /** The revision at which the process found the store. */
  | { readonly said: 'start'; readonly revision: number }
  | { readonly said: 'sent'; readonly fact: Fact }
  | { readonly said: 'acknowledged' | 'rejected'; readonly revision: number }
  /** One batch: all of it or nothing is in the store. */
  | { readonly said: 'published'; readonly revisions: readonly number[] }

export interface Fact {
  readonly type: 'put' | 'delete'
  readonly key: string
  readonly revision: number
  readonly value: string
}

const KEYS = 40
/** A full disk lasts this many rejected writes. */
const REJECTIONS_UNTIL_ROOM = 30
/** A few rounds of the checkpointer. */
const REST_MS = 150
const MAX_KILL_DELAY_MS = 20
/** Never notified. */
const PAUSE = new Int32Array(new SharedArrayBuffer(4))

const options = JSON.parse(process.argv[2] ?? '{}') as CrashOptions
const { dir, seed, fullDisks = false, restAfter = Infinity, end } = options
const random = seededRandom(seed)
const faults = makeFaults()
Atomics.store(faults, COMMIT_DELAY_MS, options.commitDelayMs ?? 0)
const { historyEvents = Infinity } = options
const store = await openSqliteStore({
  dir,
  faults,
  retention: { historyMs: 1e9, historyEvents, historyBytes: Infinity },
})
let acknowledged = 0
let rejections = 0
let rest: Promise<void> | undefined

say({ said: 'start', revision: store.revision })
const onEvents = (events: readonly StoreEvent[]) =>
  say({ said: 'published', revisions: events.map(({ revision }) => revision) })
store.watch({ prefix: 'pods', after: store.revision, onEvents })
await Promise.all(Array.from({ length: options.writers }, writeUntilTheEnd))
await store.close()

async function writeUntilTheEnd(): Promise<void> {
  while (end === undefined || end.how === 'kill' || acknowledged < end.after) {
    await rest
    await writeOne()
  }
}

async function writeOne(): Promise<void> {
  const key = `pods/${random.below(KEYS)}`
  const current = store.getPending(key)
  const type = current !== undefined && random.chance(0.2) ? 'delete' : 'put'
  let revision = 0
  const encode = (given: number) => {
    revision = given
    const value = `${key} at ${given} ${'.'.repeat(random.below(options.maxValueBytes))}`
    say({ said: 'sent', fact: { type, key, revision, value: value.slice(0, 40) } })
    return { value: Buffer.from(value) }
  }
  const expect = current === undefined ? { absent: true as const } : { revision: current.revision }
  if (fullDisks && random.chance(0.01)) Atomics.store(faults, MAX_PAGES, 1)
  try {
    await store.commit({ kind: type, key, expect, encode })
    say({ said: 'acknowledged', revision })
    if (++acknowledged === end?.after && end.how === 'kill') killSoon()
    if (acknowledged % restAfter === 0) rest = setTimeout(REST_MS)
  } catch (error) {
    assert(error instanceof StoreError && error.code === 'unavailable', `only a full disk rejects: ${error}`)
    say({ said: 'rejected', revision })
    if (++rejections % REJECTIONS_UNTIL_ROOM === 0) Atomics.store(faults, MAX_PAGES, 0)
  }
}

/** In the middle of what is under way then. */
function killSoon(): void {
  globalThis.setTimeout(() => process.kill(process.pid, 'SIGKILL'), random.below(MAX_KILL_DELAY_MS))
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
