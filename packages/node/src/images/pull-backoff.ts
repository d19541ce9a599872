// How long a pull that failed is not tried again: 10 s, then twice as long each time, at most five minutes; from the
// beginning again when nothing failed for twice that. Source: Kubernetes' documentation, "Images", ImagePullBackOff.

import type { Clock } from '@brume/base/clock'

interface Failure {
  atMs: number
  delayMs: number
  message: string
}

const FIRST_MS = 10_000
const LONGEST_MS = 300_000
const FORGOTTEN_AFTER_MS = 2 * LONGEST_MS
const MAX_REMEMBERED = 5000

export class PullBackoff {
  readonly #clock: Clock
  readonly #failures = new Map<string, Failure>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What went wrong, while it is too early to try again. */
  waiting(key: string): string | undefined {
    const failure = this.#failures.get(key)
    if (failure === undefined) return undefined
    const ageMs = this.#clock.now() - failure.atMs
    // A clock that was set back does not keep anybody waiting.
    return ageMs >= 0 && ageMs < failure.delayMs ? failure.message : undefined
  }

  failed(key: string, message: string): void {
    const now = this.#clock.now()
    const before = this.#failures.get(key)
    this.#failures.delete(key)
    const isKnown = before !== undefined && now - before.atMs <= FORGOTTEN_AFTER_MS
    const delayMs = isKnown ? Math.min(before.delayMs * 2, LONGEST_MS) : FIRST_MS
    this.#failures.set(key, { atMs: now, delayMs, message })
    this.#forgetOld(now)
  }

  succeeded(key: string): void {
    this.#failures.delete(key)
  }

  /** The map is in the order of failures. */
  #forgetOld(now: number): void {
    for (const [key, { atMs }] of this.#failures) {
      if (now - atMs <= FORGOTTEN_AFTER_MS && this.#failures.size <= MAX_REMEMBERED) return
      this.#failures.delete(key)
    }
  }
}
