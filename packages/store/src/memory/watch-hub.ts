// Delivers committed events to watchers. Watchers of the same prefix form a group, and a batch costs one events array
// per group, shared by all of its watchers.
//
// A new watcher is behind: what it missed is delivered from the history in a microtask, or when the next batch is
// dispatched, whichever comes first. From then on it is live and takes batches. So there is no gap and no repeat.

import type { Logger } from '@brume/base/log'
import { StoreError, type StoreEvent, type Watch, type WatchOptions } from '../contract.ts'
import { bucketOf, type KeyRange, rangeOf } from './keys.ts'
import type { MemoryState } from './state.ts'

interface Watcher {
  readonly options: WatchOptions
  readonly range: KeyRange
  live: boolean
  closed: boolean
}

interface Group {
  readonly range: KeyRange
  readonly watchers: Set<Watcher>
}

export class WatchHub {
  readonly #state: MemoryState
  readonly #logger: Logger
  /** Bucket, then prefix. */
  readonly #groups = new Map<string, Map<string, Group>>()

  constructor(state: MemoryState, logger: Logger) {
    this.#state = state
    this.#logger = logger
  }

  /** Throws 'compacted' or 'future-revision'. */
  watch(options: WatchOptions): Watch {
    const range = rangeOf(options.prefix)
    this.#state.assertInHistory(options.after)
    const watcher: Watcher = { options, range, live: false, closed: false }
    this.#groupOf(range).watchers.add(watcher)
    queueMicrotask(() => this.#catchUp(watcher))
    return { close: () => this.#remove(watcher) }
  }

  /** Delivers a batch that the state has already taken. */
  dispatch(events: readonly StoreEvent[]): void {
    for (const [bucket, ofBucket] of byBucket(events)) {
      const groups = this.#groups.get(bucket)
      if (groups === undefined) continue
      for (const { range, watchers } of groups.values()) {
        const shared = narrow(ofBucket, range)
        for (const watcher of watchers) {
          if (!watcher.live) this.#catchUp(watcher)
          else if (shared.length > 0) this.#deliver(watcher, shared)
        }
      }
    }
  }

  /** Ends every watch. */
  end(error: StoreError): void {
    for (const groups of [...this.#groups.values()]) {
      for (const { watchers } of [...groups.values()]) {
        for (const watcher of [...watchers]) this.#endOne(watcher, error)
      }
    }
  }

  #catchUp(watcher: Watcher): void {
    if (watcher.live || watcher.closed) return
    const { after } = watcher.options
    if (after < this.#state.compactedRevision) {
      const why = `revision ${after} was compacted before the watch of ${watcher.options.prefix} caught up`
      this.#endOne(watcher, new StoreError('compacted', why))
      return
    }
    watcher.live = true
    const missed = this.#state.eventsAfter(watcher.range, after)
    if (missed.length > 0) this.#deliver(watcher, missed)
  }

  #deliver(watcher: Watcher, events: readonly StoreEvent[]): void {
    if (watcher.closed) return
    try {
      watcher.options.onEvents(events)
    } catch (error) {
      // It would have a gap from here on; the other watchers must not suffer.
      this.#logger.error('a watcher failed and was ended', { prefix: watcher.options.prefix, error })
      const why = `the watcher of ${watcher.options.prefix} failed`
      this.#endOne(watcher, new StoreError('closed', why, { cause: error }))
    }
  }

  #endOne(watcher: Watcher, error: StoreError): void {
    if (watcher.closed) return
    this.#remove(watcher)
    watcher.options.onEnd?.(error)
  }

  #remove(watcher: Watcher): void {
    if (watcher.closed) return
    watcher.closed = true
    const groups = this.#groups.get(watcher.range.bucket)
    const group = groups?.get(watcher.range.prefix)
    group?.watchers.delete(watcher)
    if (group?.watchers.size === 0) groups?.delete(watcher.range.prefix)
    if (groups?.size === 0) this.#groups.delete(watcher.range.bucket)
  }

  #groupOf(range: KeyRange): Group {
    let groups = this.#groups.get(range.bucket)
    if (groups === undefined) {
      groups = new Map()
      this.#groups.set(range.bucket, groups)
    }
    let group = groups.get(range.prefix)
    if (group === undefined) {
      group = { range, watchers: new Set() }
      groups.set(range.prefix, group)
    }
    return group
  }
}

function byBucket(events: readonly StoreEvent[]): Map<string, StoreEvent[]> {
  const buckets = new Map<string, StoreEvent[]>()
  for (const event of events) {
    const bucket = bucketOf(event.entry.key)
    const ofBucket = buckets.get(bucket)
    if (ofBucket === undefined) buckets.set(bucket, [event])
    else ofBucket.push(event)
  }
  return buckets
}

function narrow(events: readonly StoreEvent[], range: KeyRange): readonly StoreEvent[] {
  if (range.prefix.length === range.bucket.length + 1) return events
  const matching = events.filter((event) => event.entry.key.startsWith(range.prefix))
  return matching.length === events.length ? events : matching
}
