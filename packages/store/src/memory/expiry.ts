// Deletes keys whose time has come (Events). Coarse by design: a look once a second, at most so many deletions each.

import type { Clock, Timer } from '@brume/base/clock'
import type { Key } from '../contract.ts'
import type { Write } from './backend.ts'

const SWEEP_MS = 1_000
const MAX_DELETIONS_PER_SWEEP = 1_000

interface Due {
  readonly revision: number
  readonly expiresAt: number
}

export class Expiry {
  readonly #clock: Clock
  readonly #expire: (key: Key, revision: number) => void
  readonly #due = new Map<Key, Due>()
  /** No key is due before this. */
  #earliest = Infinity
  #timer: Timer | undefined

  /** `expire` is asked to delete a key if it is still at `revision`. */
  constructor(clock: Clock, expire: (key: Key, revision: number) => void) {
    this.#clock = clock
    this.#expire = expire
  }

  /** Follows what was committed. */
  observe(writes: readonly Write[]): void {
    for (const { event, expiresAt } of writes) this.track(event.entry.key, event.revision, expiresAt)
  }

  track(key: Key, revision: number, expiresAt: number | undefined): void {
    if (expiresAt === undefined) {
      if (this.#due.size > 0) this.#due.delete(key)
      return
    }
    this.#due.set(key, { revision, expiresAt })
    this.#earliest = Math.min(this.#earliest, expiresAt)
    this.#timer ??= this.#clock.after(SWEEP_MS, () => this.#sweep())
  }

  stop(): void {
    this.#timer?.cancel()
    this.#due.clear()
  }

  /** A deletion that fails is tried again by the next sweep: a key is tracked until it is gone. */
  #sweep(): void {
    const now = this.#clock.now()
    if (now >= this.#earliest) this.#deleteDue(now)
    this.#timer = this.#due.size === 0 ? undefined : this.#clock.after(SWEEP_MS, () => this.#sweep())
  }

  #deleteDue(now: number): void {
    let deletions = 0
    this.#earliest = Infinity
    for (const [key, { revision, expiresAt }] of this.#due) {
      if (expiresAt <= now && deletions < MAX_DELETIONS_PER_SWEEP) {
        deletions++
        this.#expire(key, revision)
      }
      this.#earliest = Math.min(this.#earliest, expiresAt)
    }
  }
}
