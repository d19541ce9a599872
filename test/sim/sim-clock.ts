// Simulated time: it stands still while anything that is due runs, and jumps to the next timer when nothing does.

import type { Clock, Timer } from '@brume/base/clock'

interface Scheduled {
  readonly at: number
  readonly fn: () => void
}

/** Turns of the event loop in which promises, the store's batches and the watches' flushes settle between timers. */
const TURNS = 3
const RUN_LIMIT_MS = 10 * 60_000

export class SimClock implements Clock {
  #now = Date.UTC(2030, 0, 1)
  /** Sorted by time; equal times in the order they were set. */
  readonly #timers: Scheduled[] = []

  now(): number {
    return this.#now
  }

  /** Whole milliseconds, as the machine's own timers. */
  after(delayMs: number, fn: () => void): Timer {
    const scheduled = { at: this.#now + Math.max(0, Math.ceil(delayMs)), fn }
    let low = 0
    let high = this.#timers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#timers[middle]!.at <= scheduled.at) low = middle + 1
      else high = middle
    }
    this.#timers.splice(low, 0, scheduled)
    return {
      cancel: () => {
        const index = this.#timers.indexOf(scheduled)
        if (index >= 0) this.#timers.splice(index, 1)
      },
    }
  }

  /** Runs what is due within `ms`, in order. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (let next = this.#timers[0]; next !== undefined && next.at <= end; next = this.#timers[0]) {
      this.#timers.shift()
      this.#now = Math.max(this.#now, next.at)
      next.fn()
      await settle()
    }
    this.#now = end
  }

  /** Lets time pass until the condition holds; false: it did not within `limitMs`. */
  async until(condition: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.#now + limitMs
    for (;;) {
      await settle()
      if (condition()) return true
      if (this.#now >= end) return false
      const next = this.#timers[0]?.at ?? end
      await this.advance(Math.max(0, Math.min(next, end) - this.#now))
    }
  }

  /** Lets time pass until the promise settles. */
  async run<T>(promise: Promise<T>, limitMs = RUN_LIMIT_MS): Promise<T> {
    let isSettled = false
    const settled = () => {
      isSettled = true
    }
    promise.then(settled, settled)
    if (!(await this.until(() => isSettled, limitMs)))
      throw new Error(`nothing came of it within ${limitMs} ms`)
    return promise
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}
