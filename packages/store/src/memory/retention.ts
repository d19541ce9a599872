// How much history is kept: five minutes, unless that is too many events or bytes.

import type { Clock, Timer } from '@brume/base/clock'
import type { MemoryState } from './state.ts'

export interface RetentionLimits {
  /** Events older than this are forgotten. */
  readonly historyMs: number
  /** At most about this many events are kept. */
  readonly historyEvents: number
  /** At most about this many bytes of values that only the history refers to are kept. */
  readonly historyBytes: number
}

export const DEFAULT_RETENTION: RetentionLimits = {
  historyMs: 5 * 60_000,
  historyEvents: 50_000,
  historyBytes: 48 * 1024 * 1024,
}

/** The age of events is known to this fraction of `historyMs`. */
const MARKS_PER_HISTORY = 10
/** What is kept of a history that grew past a bound: trimming a little each time would be trimming all the time. */
const KEPT_FRACTION = 0.75

export class Retention {
  readonly #state: MemoryState
  readonly #clock: Clock
  readonly #limits: RetentionLimits
  readonly #compact: (revision: number) => void
  readonly #marks: { at: number; revision: number }[] = []
  #timer: Timer | undefined

  constructor(options: {
    state: MemoryState
    clock: Clock
    limits: RetentionLimits
    compact: (revision: number) => void
  }) {
    this.#state = options.state
    this.#clock = options.clock
    this.#limits = options.limits
    this.#compact = options.compact
    this.#mark()
  }

  /** To be called after each batch: enforces the bounds. */
  observe(): void {
    const { historyEvents, historyBytes } = this.#state
    const excess = Math.max(
      historyEvents / this.#limits.historyEvents,
      historyBytes / this.#limits.historyBytes,
    )
    if (excess <= 1) return
    // The history is about evenly spread over its revisions; where it is not, the next batch trims again.
    const kept = (this.#state.revision - this.#state.compactedRevision) * (KEPT_FRACTION / excess)
    this.#compact(this.#state.revision - Math.floor(kept))
  }

  stop(): void {
    this.#timer?.cancel()
  }

  #mark(): void {
    const now = this.#clock.now()
    const { historyMs } = this.#limits
    this.#marks.push({ at: now, revision: this.#state.revision })
    let old: number | undefined
    while (this.#marks.length > 0 && this.#marks[0]!.at <= now - historyMs)
      old = this.#marks.shift()!.revision
    if (old !== undefined && old > this.#state.compactedRevision) this.#compact(old)
    this.#timer = this.#clock.after(historyMs / MARKS_PER_HISTORY, () => this.#mark())
  }
}
