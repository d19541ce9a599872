// The state that reads, lists and watches are served from: every entry by key, per bucket the ordered index and the
// recent events. It changes only by committed events.

import { assert } from '@brume/base/assert'
import {
  type BucketStats,
  type Entry,
  type Key,
  type ListOptions,
  type ListResult,
  StoreError,
  type StoreEvent,
} from '../contract.ts'
import { History } from './history.ts'
import { bucketOf, type KeyRange, rangeOf } from './keys.ts'
import { fromRank, listAt } from './list-at.ts'
import { OrderedIndex } from './ordered-index.ts'

/** The revision of a store that was never written to. */
export const FIRST_REVISION = 1

interface Bucket {
  index: OrderedIndex
  history: History
  bytes: number
}

export class MemoryState {
  readonly #entries = new Map<Key, Entry>()
  readonly #buckets = new Map<string, Bucket>()
  #revision = FIRST_REVISION
  #compactedRevision = FIRST_REVISION
  #historyEvents = 0
  #historyBytes = 0

  get revision(): number {
    return this.#revision
  }

  get compactedRevision(): number {
    return this.#compactedRevision
  }

  /** How many events are kept. */
  get historyEvents(): number {
    return this.#historyEvents
  }

  /** Bytes of values that only the history still refers to. */
  get historyBytes(): number {
    return this.#historyBytes
  }

  get(key: Key): Entry | undefined {
    return this.#entries.get(key)
  }

  list({ prefix, startAfter, limit = Infinity, revision = this.#revision }: ListOptions): ListResult {
    this.assertInHistory(revision)
    const range = rangeOf(prefix)
    const bucket = this.#buckets.get(range.bucket)
    if (bucket === undefined) return { entries: [], revision, remaining: 0 }
    const { index, history } = bucket
    const later = revision === this.#revision ? [] : history.after(revision)
    if (later.length > 0) return listAt({ index, range, later, revision, startAfter, limit })
    const from = fromRank(index, range, startAfter)
    const to = index.rank(range.end)
    const entries = index.slice(from, Math.min(to, from + limit))
    return { entries, revision, remaining: to - from - entries.length }
  }

  stats(): ReadonlyMap<string, BucketStats> {
    const stats = new Map<string, BucketStats>()
    for (const [name, { index, bytes }] of this.#buckets) {
      if (index.size > 0) stats.set(name, { count: index.size, bytes })
    }
    return stats
  }

  /** Every bucket that has entries or history. */
  bucketNames(): string[] {
    return [...this.#buckets.keys()]
  }

  /** The events of a range after `revision`, oldest first. */
  eventsAfter(range: KeyRange, revision: number): StoreEvent[] {
    const events = this.#buckets.get(range.bucket)?.history.after(revision) ?? []
    if (range.prefix.length === range.bucket.length + 1) return events
    return events.filter((event) => event.entry.key.startsWith(range.prefix))
  }

  /** Throws 'compacted' or 'future-revision' when the state as of `revision` cannot be told. */
  assertInHistory(revision: number): void {
    if (revision < this.#compactedRevision) {
      const why = `revision ${revision} has been compacted; the oldest one is ${this.#compactedRevision}`
      throw new StoreError('compacted', why)
    }
    if (revision > this.#revision) {
      const why = `revision ${revision} does not exist yet; the newest one is ${this.#revision}`
      throw new StoreError('future-revision', why)
    }
  }

  /** Takes a state without history as of `revision`: all entries, in any order. */
  load(entries: Iterable<Entry>, revision: number): void {
    assert(this.#entries.size === 0 && this.#historyEvents === 0, 'only an empty state is loaded')
    for (const entry of entries) this.#put(entry, undefined)
    this.#revision = revision
    this.#compactedRevision = revision
  }

  /** Takes committed events, in revision order. */
  apply(events: readonly StoreEvent[]): void {
    for (const event of events) {
      assert(event.revision > this.#revision, 'events arrive in revision order')
      this.#revision = event.revision
      if (event.type === 'put') this.#put(event.entry, event.previous)
      else this.#delete(event.entry.key, event.previous)
      this.#bucket(event.entry.key).history.push(event)
      this.#historyEvents++
      this.#historyBytes += historyBytesOf(event)
    }
  }

  /** Forgets the events up to `revision` and returns them. The entries stay. */
  compact(revision: number): StoreEvent[] {
    assert(revision <= this.#revision, 'only the past is compacted')
    const dropped: StoreEvent[] = []
    if (revision <= this.#compactedRevision) return dropped
    for (const { history } of this.#buckets.values()) {
      for (const event of history.dropThrough(revision)) {
        this.#historyBytes -= historyBytesOf(event)
        dropped.push(event)
      }
    }
    this.#historyEvents -= dropped.length
    this.#compactedRevision = revision
    return dropped
  }

  #put(entry: Entry, previous: Entry | undefined): void {
    const bucket = this.#bucket(entry.key)
    this.#entries.set(entry.key, entry)
    bucket.index.set(entry)
    bucket.bytes += entry.value.byteLength - (previous?.value.byteLength ?? 0)
  }

  #delete(key: Key, previous: Entry): void {
    const bucket = this.#bucket(key)
    this.#entries.delete(key)
    bucket.index.delete(key)
    bucket.bytes -= previous.value.byteLength
  }

  #bucket(key: Key): Bucket {
    const name = bucketOf(key)
    let bucket = this.#buckets.get(name)
    if (bucket === undefined) {
      bucket = { index: new OrderedIndex(), history: new History(), bytes: 0 }
      this.#buckets.set(name, bucket)
    }
    return bucket
  }
}

function historyBytesOf(event: StoreEvent): number {
  const replaced = event.previous?.value.byteLength ?? 0
  return event.type === 'delete' ? replaced + event.entry.value.byteLength : replaced
}
