// Answers that their clients take slowly. A seat is for work: after a moment the answer gives its seat back, or a handful of
// clients that do not read would hold up everybody else of their level. What such answers hold is bounded here instead.

import type { Clock } from '@brume/base/clock'
import type { Sink } from './types.ts'

/** For which an answer that is being sent keeps its seat. */
const PATIENCE_MS = 2_000
/** Each holds a slab and what the connection buffers: as many as there are seats. */
const MAX_LATE = 600

export class LateAnswers {
  readonly #clock: Clock
  readonly #limit: number
  /** By whoever asked, the oldest first. */
  readonly #late = new Map<string, Set<Sink>>()
  #count = 0

  constructor(clock: Clock, limit = MAX_LATE) {
    this.#clock = clock
    this.#limit = limit
  }

  /** Calls `release`, which may be called again, when the answer was taken, or after a moment. */
  watch(sink: Sink, user: string, release: () => void): void {
    const timer = this.#clock.after(PATIENCE_MS, () => {
      release()
      this.#add(user, sink)
    })
    sink.onClose(() => {
      timer.cancel()
      release()
      this.#remove(user, sink)
    })
  }

  #add(user: string, sink: Sink): void {
    if (sink.closed) return
    if (this.#count >= this.#limit) this.#cutOne()
    const own = this.#late.get(user) ?? new Set()
    this.#late.set(user, own.add(sink))
    this.#count++
  }

  #remove(user: string, sink: Sink): void {
    const own = this.#late.get(user)
    if (own?.delete(sink) !== true) return
    this.#count--
    if (own.size === 0) this.#late.delete(user)
  }

  /** Of whoever has the most: who has one slow line is not cut for another's thousand. */
  #cutOne(): void {
    let [most, all]: [string, Set<Sink>] = ['', new Set()]
    for (const [user, own] of this.#late) if (own.size > all.size) [most, all] = [user, own]
    const [oldest] = all
    if (oldest === undefined) return
    this.#remove(most, oldest)
    oldest.abort()
  }
}
