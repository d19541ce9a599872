// How long a failing key waits: exponential for the key itself, and a token bucket over all retries of the queue.

import type { Clock } from '@brume/base/clock'

export interface RateLimitOptions {
  /** Default 5 ms, doubling... */
  baseMs?: number
  /** ...up to 5 min. */
  maxMs?: number
  /** Retries per second over all keys. Default 10. */
  perSecond?: number
  /** Default 100. */
  burst?: number
}

export class RateLimit {
  readonly #clock: Clock
  readonly #options: Required<RateLimitOptions>
  readonly #failures = new Map<string, number>()
  #tokens: number
  #filledAt: number

  constructor(clock: Clock, options: RateLimitOptions = {}) {
    this.#clock = clock
    this.#options = { baseMs: 5, maxMs: 300_000, perSecond: 10, burst: 100, ...options }
    this.#tokens = this.#options.burst
    this.#filledAt = clock.now()
  }

  /** The delay before the key's next try; counts a failure. */
  next(key: string): number {
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    const { baseMs, maxMs } = this.#options
    const ownMs = Math.min(baseMs * 2 ** Math.min(failures, 50), maxMs)
    return Math.max(ownMs, this.#reserve())
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0
  }

  /** The key succeeded. */
  forget(key: string): void {
    this.#failures.delete(key)
  }

  /** Takes a token, possibly one of the future; the delay until it exists. */
  #reserve(): number {
    const { perSecond, burst } = this.#options
    const now = this.#clock.now()
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) / 1000) * perSecond)
    this.#filledAt = now
    this.#tokens -= 1
    return this.#tokens >= 0 ? 0 : (-this.#tokens / perSecond) * 1000
  }
}
