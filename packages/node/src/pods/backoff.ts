// When a container that has ended is started again: at once the first time, then after 10 s, twice as long each time,
// at most five minutes; from the beginning again after ten quiet minutes. Source: Kubernetes' documentation, "Pod
// lifecycle", container restarts.

import type { Backoff } from './records.ts'

const FIRST_MS = 10_000
const LONGEST_MS = 300_000
const FORGIVEN_AFTER_MS = 600_000

/** When a container ran; 0 in `startedAtMs`: it could not even be started. */
export interface Run {
  startedAtMs: number
  finishedAtMs: number
}

/** Milliseconds still to wait before a container that has ended may be started again. */
export function remainingBackoffMs(backoff: Backoff | undefined, run: Run, now: number): number {
  if (backoff === undefined || ranLong(run)) return 0
  const remaining = run.finishedAtMs + backoff.delayMs - now
  // The runtime's clock may have jumped: never longer than the whole.
  return Math.max(0, Math.min(remaining, backoff.delayMs))
}

/** What to remember when it is started again. */
export function nextBackoff(backoff: Backoff | undefined, run: Run): Backoff {
  if (backoff === undefined || ranLong(run)) return { delayMs: FIRST_MS }
  return { delayMs: Math.min(backoff.delayMs * 2, LONGEST_MS) }
}

/** The first tries after a setback come quickly, later ones every minute or so. */
export function setbackDelayMs(tries: number): number {
  return Math.min(1000 * 2 ** Math.min(tries - 1, 6), 60_000)
}

function ranLong({ startedAtMs, finishedAtMs }: Run): boolean {
  return startedAtMs > 0 && finishedAtMs - startedAtMs >= FORGIVEN_AFTER_MS
}
