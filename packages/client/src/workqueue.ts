// Keys to work on: each at most once in the queue and never by two workers at once; a key that is added while it is
// worked on comes again afterwards.

import type { Clock, Timer } from '@brume/base/clock'
import { DelayHeap } from './delay-heap.ts'
import { type Metrics, noMetrics } from './metrics.ts'
import { RateLimit, type RateLimitOptions } from './rate-limit.ts'

export interface WorkQueueOptions {
  name: string
  clock: Clock
  rateLimit?: RateLimitOptions
  /** Keys that wait at once. Default 100,000; see `onOverflow`. */
  limit?: number
  /** Called when the queue is empty again after keys beyond the limit were dropped: add all keys anew. */
  onOverflow?: () => void
  metrics?: Metrics
}

const DEFAULT_LIMIT = 100_000

export class WorkQueue {
  readonly #options: WorkQueueOptions
  readonly #metrics: Metrics
  readonly #rateLimit: RateLimit
  /** Waiting for a worker, in order, with the time they were added. */
  readonly #waiting = new Map<string, number>()
  readonly #processing = new Map<string, number>()
  /** Added while they were worked on. */
  readonly #again = new Set<string>()
  readonly #delayed = new DelayHeap()
  readonly #takers: ((key: string | undefined) => void)[] = []
  #timer: Timer | undefined
  #timerDueAt = Number.POSITIVE_INFINITY
  #overflowed = false
  #closed = false

  constructor(options: WorkQueueOptions) {
    this.#options = options
    this.#metrics = options.metrics ?? noMetrics
    this.#rateLimit = new RateLimit(options.clock, options.rateLimit)
  }

  /** Keys that wait for a worker. */
  get depth(): number {
    return this.#waiting.size
  }

  /** Nothing waits, is delayed or worked on. */
  get idle(): boolean {
    return this.#waiting.size === 0 && this.#processing.size === 0 && this.#delayed.size === 0
  }

  add(key: string): void {
    if (this.#closed || this.#waiting.has(key) || this.#again.has(key)) return
    if (this.#waiting.size >= (this.#options.limit ?? DEFAULT_LIMIT)) {
      this.#overflowed = true
      return
    }
    this.#metrics.add('workqueue_adds_total', 1, { name: this.#options.name })
    if (this.#processing.has(key)) {
      this.#again.add(key)
      return
    }
    this.#enqueue(key)
  }

  /** Adds the key after `delayMs`; of several times the soonest counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.#closed) return
    if (delayMs <= 0) {
      this.add(key)
      return
    }
    this.#delayed.add(key, this.#options.clock.now() + delayMs)
    this.#arm()
  }

  /** Adds a key that failed, after its backoff. Returns the delay. */
  addRateLimited(key: string): number {
    this.#metrics.add('workqueue_retries_total', 1, { name: this.#options.name })
    const delayMs = this.#rateLimit.next(key)
    this.addAfter(key, delayMs)
    return delayMs
  }

  /** The key's next failure waits the shortest time again. */
  forget(key: string): void {
    this.#rateLimit.forget(key)
  }

  failures(key: string): number {
    return this.#rateLimit.failures(key)
  }

  /** The next key; undefined when the queue was closed. Each key is given back by `done`. */
  take(): Promise<string | undefined> {
    if (this.#closed) return Promise.resolve(undefined)
    const next = this.#waiting.entries().next()
    if (next.done) return new Promise((resolve) => this.#takers.push(resolve))
    const [key, addedAt] = next.value
    this.#waiting.delete(key)
    this.#begin(key, addedAt)
    this.#resyncAfterOverflow()
    return Promise.resolve(key)
  }

  done(key: string): void {
    const beganAt = this.#processing.get(key)
    this.#processing.delete(key)
    if (beganAt !== undefined) {
      const seconds = (this.#options.clock.now() - beganAt) / 1000
      this.#metrics.observe('workqueue_work_duration_seconds', seconds, { name: this.#options.name })
    }
    if (this.#again.delete(key) && !this.#closed) this.#enqueue(key)
  }

  /** Takers get undefined; what waits is dropped. */
  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    this.#waiting.clear()
    this.#again.clear()
    this.#delayed.clear()
    for (const take of this.#takers.splice(0)) take(undefined)
  }

  #enqueue(key: string): void {
    const now = this.#options.clock.now()
    const taker = this.#takers.shift()
    if (taker !== undefined) {
      this.#begin(key, now)
      taker(key)
      return
    }
    this.#waiting.set(key, now)
    this.#metrics.set('workqueue_depth', this.#waiting.size, { name: this.#options.name })
  }

  #begin(key: string, addedAt: number): void {
    const { clock, name } = this.#options
    this.#processing.set(key, clock.now())
    this.#metrics.set('workqueue_depth', this.#waiting.size, { name })
    this.#metrics.observe('workqueue_queue_duration_seconds', (clock.now() - addedAt) / 1000, { name })
  }

  #resyncAfterOverflow(): void {
    if (!this.#overflowed || this.#waiting.size > 0) return
    this.#overflowed = false
    this.#options.onOverflow?.()
  }

  /** One timer, for the key that is due first. */
  #arm(): void {
    const dueAt = this.#delayed.nextDueAt
    if (dueAt === undefined || dueAt >= this.#timerDueAt) return
    this.#timer?.cancel()
    this.#timerDueAt = dueAt
    // Node's timers hold at most 2^31 - 1 ms; a longer wait wakes in between.
    const delayMs = Math.min(Math.max(0, dueAt - this.#options.clock.now()), 2 ** 31 - 1)
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#timerDueAt = Number.POSITIVE_INFINITY
      const now = this.#options.clock.now()
      for (let key = this.#delayed.takeDue(now); key !== undefined; key = this.#delayed.takeDue(now)) {
        this.add(key)
      }
      this.#arm()
    })
  }
}
