// When a container that has ended is started again: at once the first time, then after 10 s, twice as long each time,
// at most five minutes; from the beginning again after ten quiet minutes. Source: Kubernetes' documentation, "Pod
// lifecycle", container restarts.

import type { Backoff } from './records.ts'

const FIRST_MS = 10_000
const LONGEST_MS = 300_000
const FORGIVEN_AFTER_MS = 600_000

/** Milliseconds still to wait before a container that ended at `finishedAtMs` may be started. */
export function remainingBackoffMs(backoff: Backoff | undefined, finishedAtMs: number, now: number): number {
  if (backoff === undefined || backoff.sinceMs === 0) return 0
  return Math.max(0, Math.min(finishedAtMs + backoff.delayMs - now, LONGEST_MS))
}

/** What to remember when it is started again. */
export function nextBackoff(
  backoff: Backoff | undefined,
  startedAtMs: number,
  finishedAtMs: number,
): Backoff {
  const ranLong = finishedAtMs - startedAtMs >= FORGIVEN_AFTER_MS
  if (backoff === undefined || ranLong) return { delayMs: FIRST_MS, sinceMs: finishedAtMs }
  return { delayMs: Math.min(backoff.delayMs * 2, LONGEST_MS), sinceMs: finishedAtMs }
}

/** The first tries after a setback come quickly, later ones every minute or so. */
export function setbackDelayMs(tries: number): number {
  return Math.min(1000 * 2 ** Math.min(tries - 1, 6), 60_000)
}
