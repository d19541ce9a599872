// How long to wait before a failed pod is replaced: 10 s, doubled with each failure in a row, at most 10 minutes.

import type { KubeObject } from '@brume/api/object'
import { endedAt } from './pods.ts'

export interface Backoff {
  /** Failures since the last success. */
  failures: number
  lastFailureAt: number
}

const FIRST_MS = 10_000
const MAX_MS = 600_000

export const NO_BACKOFF: Backoff = { failures: 0, lastFailureAt: 0 }

export function nextBackoff(
  before: Backoff,
  { succeeded, failed }: { succeeded: readonly KubeObject[]; failed: readonly KubeObject[] },
  now: number,
): Backoff {
  const lastSuccess = Math.max(Number.NEGATIVE_INFINITY, ...succeeded.map((pod) => endedAt(pod, now)))
  const failures = failed.map((pod) => endedAt(pod, now)).filter((time) => time >= lastSuccess)
  const base = succeeded.length > 0 ? NO_BACKOFF : before
  if (failures.length === 0) return base
  return {
    failures: base.failures + failures.length,
    lastFailureAt: Math.max(base.lastFailureAt, ...failures),
  }
}

export function backoffLeftMs({ failures, lastFailureAt }: Backoff, now: number): number {
  if (failures === 0) return 0
  return Math.max(0, lastFailureAt + Math.min(MAX_MS, FIRST_MS * 2 ** (failures - 1)) - now)
}
