// Notices that somebody set the machine's clock: timers go on as they were, times in statuses and certificates do not.

import { formatGoDuration } from '@brume/base/go-duration'

/** NTP slews small differences; what is larger was a step. */
const JUMP_MS = 5000

/** A function that says in a sentence by how much the clock jumped since it was last called; undefined: not at all. */
export function clockJumps(
  now: () => number,
  monotonicNow: () => number = () => performance.now(),
): () => string | undefined {
  let offset = now() - monotonicNow()
  return () => {
    const current = now() - monotonicNow()
    const byMs = current - offset
    if (Math.abs(byMs) < JUMP_MS) return undefined
    offset = current
    const amount = formatGoDuration(BigInt(Math.round(Math.abs(byMs) / 1000)) * 1_000_000_000n)
    return (
      `The clock of this machine jumped ${byMs > 0 ? 'forward' : 'back'} by ${amount}. Containers go on; ` +
      `check time synchronization (timedatectl, chronyc tracking) if nobody set it on purpose`
    )
  }
}
