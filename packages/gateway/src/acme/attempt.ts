// What is remembered of getting one certificate, over restarts: the order under way with its key, and how often it went
// wrong. Plain data, and the rules of backing off. Pure.

export interface Attempt {
  /** Of whom; others make it a new one. */
  hosts: readonly string[]
  order: { url: string; privateKeyPem: string; startedAt: number } | undefined
  failures: number
  /** Milliseconds since the epoch; 0: at once. */
  retryAt: number
  message: string
}

/** `precheck`: nobody was asked yet. `refused`: the CA said no, and counts it. `rateLimited`: it named a time, or did not. */
export type FailureKind = 'precheck' | 'unreachable' | 'refused' | 'rateLimited'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** First wait, doubled with each failure in a row up to the last. Let's Encrypt allows five refusals a host and hour. */
const WAITS: Record<FailureKind, { baseMs: number; maxMs: number }> = {
  precheck: { baseMs: 15_000, maxMs: 10 * MINUTE_MS },
  unreachable: { baseMs: 30_000, maxMs: HOUR_MS },
  refused: { baseMs: 5 * MINUTE_MS, maxMs: 24 * HOUR_MS },
  rateLimited: { baseMs: HOUR_MS, maxMs: 24 * HOUR_MS },
}
const MAX_DOUBLINGS = 20

export function newAttempt(hosts: readonly string[]): Attempt {
  return { hosts, order: undefined, failures: 0, retryAt: 0, message: '' }
}

export interface Failure {
  kind: FailureKind
  message: string
  /** What the CA asked for. */
  retryAfterMs?: number | undefined
}

/** An order goes on when nobody said no to it. A time that the CA names is kept even where it is longer than our longest. */
export function afterFailure(attempt: Attempt, failure: Failure, now: number): Attempt {
  const { baseMs, maxMs } = WAITS[failure.kind]
  const doublings = Math.min(attempt.failures, MAX_DOUBLINGS)
  const waitMs = Math.max(Math.min(baseMs * 2 ** doublings, maxMs), failure.retryAfterMs ?? 0)
  return {
    ...attempt,
    order: failure.kind === 'refused' ? undefined : attempt.order,
    failures: attempt.failures + 1,
    retryAt: now + waitMs,
    message: failure.message,
  }
}
