// Flushing of watches: events are collected per watcher and written in ticks, at once when the server is idle and
// coalesced (up to 50 ms) when it is not, so that one write carries many events. What all watchers together may leave
// unread is bounded: when it is much, each of them is given less.

import type { Clock, Timer } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import type { Store } from '@brume/store/contract'
import { SharedFrames } from './shared-frames.ts'

const MAX_DELAY_MS = 50
/** A flush may take this share of the time: the delay is this many times the last flush. */
const DELAY_FACTOR = 3
const IDLE_FLUSH_MS = 2
const BOOKMARK_EVERY_MS = 60_000
/** Encoded bytes that one watcher may have waiting; more events wait as references to what is stored. */
const WINDOW_BYTES = 256 * 1024
const TIGHT_WINDOW_BYTES = 32 * 1024
/** From here on the windows are tight. */
const MAX_UNREAD_BYTES = 256 * 1024 * 1024

export interface FlushTarget {
  /** Writes what has been collected, as far as the client takes it. */
  flush(): void
  /** Tells a client that is up to date how far it is. */
  bookmark(revision: number): void
  /** Ends properly; the client watches again from where it was. */
  finish(): void
  /** Ends at once. */
  drop(): void
}

export interface WatchHubOptions {
  store: Store
  clock: Clock
  logger: Logger
  maxWatchers: number
  bookmarkEveryMs?: number
  /** Milliseconds since whenever, to see how long flushes take. Default: the machine's; a simulation has its own. */
  stopwatch?(): number
}

const machineTime = () => performance.now()

export class WatchHub {
  readonly shared = new SharedFrames()
  readonly #options: WatchHubOptions
  readonly #dirty = new Set<FlushTarget>()
  /** Each with the bytes it left unread when it was last flushed. */
  readonly #targets = new Map<FlushTarget, number>()
  /** Those that the limit is for. */
  readonly #limited = new Set<FlushTarget>()
  #unreadBytes = 0
  #stopped = false
  #scheduled = false
  #lastFlushMs = 0
  #bookmarks: Timer | undefined

  constructor(options: WatchHubOptions) {
    this.#options = options
  }

  get watcherCount(): number {
    return this.#targets.size
  }

  /** Nothing waits to be flushed. */
  get isIdle(): boolean {
    return !this.#scheduled
  }

  /** Who is exempt is never shut out, and shuts nobody out: the server's own controllers must see. */
  isFull(exempt: boolean): boolean {
    return this.#stopped || (!exempt && this.#limited.size >= this.#options.maxWatchers)
  }

  /** How many encoded bytes one watcher may have waiting. */
  get windowBytes(): number {
    return this.#unreadBytes < MAX_UNREAD_BYTES ? WINDOW_BYTES : TIGHT_WINDOW_BYTES
  }

  /** false: too many watchers already. */
  add(target: FlushTarget, exempt = false): boolean {
    if (this.isFull(exempt)) return false
    if (!exempt) this.#limited.add(target)
    this.#targets.set(target, 0)
    this.#armBookmarks()
    return true
  }

  remove(target: FlushTarget): void {
    this.#unreadBytes -= this.#targets.get(target) ?? 0
    this.#targets.delete(target)
    this.#limited.delete(target)
    this.#dirty.delete(target)
    if (this.#targets.size === 0) {
      this.#bookmarks?.cancel()
      this.#bookmarks = undefined
    }
  }

  /** `target` left `bytes` unread. */
  account(target: FlushTarget, bytes: number): void {
    const before = this.#targets.get(target)
    if (before === undefined || before === bytes) return
    this.#unreadBytes += bytes - before
    this.#targets.set(target, bytes)
  }

  /** `target` has something to write. */
  mark(target: FlushTarget): void {
    this.#dirty.add(target)
    if (this.#scheduled) return
    this.#scheduled = true
    if (this.#lastFlushMs <= IDLE_FLUSH_MS) setImmediate(() => this.#flush())
    else
      this.#options.clock.after(Math.min(MAX_DELAY_MS, this.#lastFlushMs * DELAY_FACTOR), () => this.#flush())
  }

  /** Ends all watches, and refuses new ones. */
  stop(): void {
    this.#stopped = true
    for (const target of [...this.#targets.keys()]) this.guard(target, () => target.finish())
  }

  /** What fails for one watcher ends that one alone. */
  guard(target: FlushTarget, act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#options.logger.error('a watch failed and was cut', { error })
      target.drop()
    }
  }

  #flush(): void {
    this.#scheduled = false
    const { stopwatch = machineTime } = this.#options
    const start = stopwatch()
    const targets = [...this.#dirty]
    this.#dirty.clear()
    for (const target of targets) this.guard(target, () => target.flush())
    this.shared.clear()
    this.#lastFlushMs = stopwatch() - start
  }

  #armBookmarks(): void {
    const { clock, store, bookmarkEveryMs = BOOKMARK_EVERY_MS } = this.#options
    this.#bookmarks ??= clock.after(bookmarkEveryMs, () => {
      this.#bookmarks = undefined
      const { revision } = store
      for (const target of this.#targets.keys()) this.guard(target, () => target.bookmark(revision))
      if (this.#targets.size > 0) this.#armBookmarks()
    })
  }
}
