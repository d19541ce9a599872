// Times of events: metav1.MicroTime, to the microsecond. The wall clock knows milliseconds; what lies between is filled in
// from the monotonic clock, so that two moments of one request never stand in the wrong order.

import type { Clock } from '@brume/base/clock'

/** The two clocks may drift apart by this much before they are set together again. */
const MAX_DRIFT_MS = 2

export type MicroClock = () => number

/** Milliseconds since the epoch, with a fraction. */
export function microClock({ now }: Pick<Clock, 'now'>): MicroClock {
  let offset = Number.NaN
  return () => {
    const [wall, ticks] = [now(), performance.now()]
    if (!(Math.abs(wall - ticks - offset) <= MAX_DRIFT_MS)) offset = wall - ticks
    return ticks + offset
  }
}

export function formatMicros(ms: number): string {
  const micros = Math.floor(ms * 1000)
  const second = Math.floor(micros / 1_000_000)
  if (second !== lastSecond) {
    lastTime = new Date(second * 1000).toISOString().slice(0, 20)
    lastSecond = second
  }
  return `${lastTime}${String(micros - second * 1_000_000).padStart(6, '0')}Z`
}

/** Many events share one. */
let lastSecond = Number.NaN
let lastTime = ''
