// Time that a test moves by hand.

import type { Clock, Timer } from '@brume/base/clock'

interface Scheduled {
  readonly at: number
  readonly fn: () => void
}

export class ManualClock implements Clock {
  #now = Date.UTC(2030, 0, 1)
  readonly #scheduled = new Set<Scheduled>()

  now(): number {
    return this.#now
  }

  after(delayMs: number, fn: () => void): Timer {
    const scheduled = { at: this.#now + delayMs, fn }
    this.#scheduled.add(scheduled)
    return { cancel: () => this.#scheduled.delete(scheduled) }
  }

  /** Runs what is due on the way, in order. */
  advance(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const [next] = [...this.#scheduled].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#scheduled.delete(next)
      this.#now = next.at
      next.fn()
    }
    this.#now = until
  }
}
