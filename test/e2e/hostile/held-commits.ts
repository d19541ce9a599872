// Writes that take until the test says so: a disk whose fsync does not return. For tests of what is under way meanwhile.

import { COMMIT_DELAY_MS, type Faults, makeFaults } from '@brume/store/sqlite/faults'

export interface HeldCommits {
  /** For the control plane. */
  faults: Faults
  /** From now on every commit waits. */
  hold(): void
  /** Those that wait now go on; the next one waits again. */
  letOn(): void
  /** Those that wait go on, and so does everything after them. */
  release(): void
}

/** Longer than any test; a commit goes on before that when the number changes. */
const FOREVER_MS = 600_000

export function heldCommits(): HeldCommits {
  const faults = makeFaults()
  let round = 0
  const set = (delayMs: number) => {
    Atomics.store(faults, COMMIT_DELAY_MS, delayMs)
    Atomics.notify(faults, COMMIT_DELAY_MS)
  }
  return {
    faults,
    hold: () => set(FOREVER_MS),
    letOn: () => set(FOREVER_MS + ++round),
    release: () => set(0),
  }
}
