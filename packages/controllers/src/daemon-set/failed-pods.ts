// A daemon that fails again and again on a node is replaced ever more slowly.

import type { Clock } from '@brume/base/clock'

/** As Kubernetes' failed pods backoff. */
const FIRST_MS = 1000
const MAX_MS = 15 * 60_000

interface Wait {
  delayMs: number
  until: number
}

export class FailedPods {
  readonly #clock: Pick<Clock, 'now'>
  readonly #bySet = new Map<string, Map<string, Wait>>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** A failed pod is replaced now; the next one waits. Twice the longest wait without a failure starts anew. */
  add(uid: string, node: string): void {
    const waits = this.#bySet.get(uid) ?? new Map<string, Wait>()
    this.#bySet.set(uid, waits)
    const now = this.#clock.now()
    const last = waits.get(node)
    const again = last !== undefined && now - last.until < 2 * MAX_MS
    const delayMs = again ? Math.min(MAX_MS, last.delayMs * 2) : FIRST_MS
    waits.set(node, { delayMs, until: now + delayMs })
  }

  /** By node, milliseconds since the epoch. */
  until(uid: string): ReadonlyMap<string, number> {
    return new Map([...(this.#bySet.get(uid) ?? [])].map(([node, { until }]) => [node, until]))
  }

  forget(uid: string): void {
    this.#bySet.delete(uid)
  }
}
