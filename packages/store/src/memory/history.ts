// The events of one bucket since the last compaction, in revision order: for watches that start in the past and for
// lists at a past revision.

import type { StoreEvent } from '../contract.ts'

export class History {
  #events: StoreEvent[] = []

  get size(): number {
    return this.#events.length
  }

  push(event: StoreEvent): void {
    this.#events.push(event)
  }

  /** The events with a revision greater than `revision`, as a new array. */
  after(revision: number): StoreEvent[] {
    return this.#events.slice(this.#firstAfter(revision))
  }

  /** Forgets the events with a revision up to `revision` and returns them. */
  dropThrough(revision: number): StoreEvent[] {
    const keep = this.#firstAfter(revision)
    if (keep === 0) return []
    const dropped = this.#events.slice(0, keep)
    this.#events = this.#events.slice(keep)
    return dropped
  }

  #firstAfter(revision: number): number {
    let low = 0
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#events[middle]!.revision <= revision) low = middle + 1
      else high = middle
    }
    return low
  }
}
