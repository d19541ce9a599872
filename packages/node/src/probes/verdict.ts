// From single looks to what counts: so many in a row, by the probe's thresholds. Pure.

import type { ProbeKind } from '../contract.ts'

export interface Verdict {
  /** undefined: not known yet. */
  value: boolean | undefined
  last: boolean | undefined
  /** Looks in a row that gave `last`. */
  run: number
  /** No more looks at this container: it has started, or it is about to be killed. */
  isFinal: boolean
}

export interface Thresholds {
  success: number
  failure: number
}

export function firstVerdict(known?: boolean, isFinal = false): Verdict {
  return { value: known, last: undefined, run: 0, isFinal }
}

export function nextVerdict(
  verdict: Verdict,
  passed: boolean,
  { kind, thresholds }: { kind: ProbeKind; thresholds: Thresholds },
): Verdict {
  const run = verdict.last === passed ? verdict.run + 1 : 1
  const needed = passed ? thresholds.success : thresholds.failure
  const counted = { ...verdict, last: passed, run }
  if (run < needed) return counted
  const isFinal = kind === 'startup' || (kind === 'liveness' && !passed)
  return { ...counted, value: passed, isFinal }
}
