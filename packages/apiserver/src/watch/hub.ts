// Flushing of watches: events are collected per watcher and written in ticks, at once when the server is idle and
// coalesced (up to 50 ms) when it is not, so that one write carries many events. A watcher that does not read is
// dropped, and its client lists again.

import type { Clock, Timer } from '@brume/base/clock'
import type { Store, StoreEvent } from '@brume/store/contract'

const MAX_DELAY_MS = 50
/** A flush may take this share of the time: the delay is this many times the last flush. */
const DELAY_FACTOR = 3
const IDLE_FLUSH_MS = 2
const BOOKMARK_EVERY_MS = 60_000

export interface FlushTarget {
  /** Writes what has been collected. */
  flush(): void
  /** Tells a client that is up to date how far it is. */
  bookmark(revision: number): void
}

export class WatchHub {
  readonly #store: Store
  readonly #clock: Clock
  readonly #dirty = new Set<FlushTarget>()
  readonly #targets = new Set<FlushTarget>()
  readonly #limit: number
  #scheduled = false
  #lastFlushMs = 0
  #bookmarks: Timer | undefined

  constructor(options: { store: Store; clock: Clock; maxWatchers: number }) {
    this.#store = options.store
    this.#clock = options.clock
    this.#limit = options.maxWatchers
  }

  get watcherCount(): number {
    return this.#targets.size
  }

  get isFull(): boolean {
    return this.#targets.size >= this.#limit
  }

  /** false: too many watchers already. */
  add(target: FlushTarget): boolean {
    if (this.isFull) return false
    this.#targets.add(target)
    this.#armBookmarks()
    return true
  }

  remove(target: FlushTarget): void {
    this.#targets.delete(target)
    this.#dirty.delete(target)
    if (this.#targets.size === 0) {
      this.#bookmarks?.cancel()
      this.#bookmarks = undefined
    }
  }

  /** `target` has something to write. */
  mark(target: FlushTarget): void {
    this.#dirty.add(target)
    if (this.#scheduled) return
    this.#scheduled = true
    if (this.#lastFlushMs <= IDLE_FLUSH_MS) setImmediate(() => this.#flush())
    else setTimeout(() => this.#flush(), Math.min(MAX_DELAY_MS, this.#lastFlushMs * DELAY_FACTOR))
  }

  #flush(): void {
    this.#scheduled = false
    const start = performance.now()
    const targets = [...this.#dirty]
    this.#dirty.clear()
    for (const target of targets) target.flush()
    this.#lastFlushMs = performance.now() - start
  }

  #armBookmarks(): void {
    this.#bookmarks ??= this.#clock.after(BOOKMARK_EVERY_MS, () => {
      this.#bookmarks = undefined
      const { revision } = this.#store
      for (const target of this.#targets) target.bookmark(revision)
      if (this.#targets.size > 0) this.#armBookmarks()
    })
  }
}

/** Bytes of a batch for a form, shared by all watchers that see the same events the same way. */
export class SharedFrames {
  readonly #byBatch = new WeakMap<readonly StoreEvent[], Map<string, Buffer>>()
  readonly #byEvent = new WeakMap<StoreEvent, Map<string, Buffer>>()

  batch(events: readonly StoreEvent[], id: string, make: () => Buffer): Buffer {
    return memo(this.#byBatch, events, id, make)
  }

  event(event: StoreEvent, id: string, make: () => Buffer): Buffer {
    return memo(this.#byEvent, event, id, make)
  }
}

function memo<K extends object>(
  cache: WeakMap<K, Map<string, Buffer>>,
  key: K,
  id: string,
  make: () => Buffer,
): Buffer {
  let forms = cache.get(key)
  if (forms === undefined) {
    forms = new Map()
    cache.set(key, forms)
  }
  let bytes = forms.get(id)
  if (bytes === undefined) {
    bytes = make()
    forms.set(id, bytes)
  }
  return bytes
}
