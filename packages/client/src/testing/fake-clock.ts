// A clock that moves when a test says so.

import type { Clock } from '@brume/base/clock'

export interface FakeClock extends Clock {
  /** Runs every timer that is due by then, in order, letting promises settle in between. */
  advance(ms: number): Promise<void>
  readonly timers: number
}

export function fakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  let now = start
  let sequence = 0
  const timers = new Map<number, { dueAt: number; fn: () => void }>()
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
  return {
    now: () => now,
    after(delayMs, fn) {
      const id = ++sequence
      timers.set(id, { dueAt: now + delayMs, fn })
      return { cancel: () => timers.delete(id) }
    },
    get timers() {
      return timers.size
    },
    async advance(ms) {
      const end = now + ms
      await settle()
      for (;;) {
        const due = [...timers].filter(([, { dueAt }]) => dueAt <= end)
        const next = due.sort(([a, x], [b, y]) => x.dueAt - y.dueAt || a - b)[0]
        if (next === undefined) break
        timers.delete(next[0])
        now = Math.max(now, next[1].dueAt)
        next[1].fn()
        await settle()
      }
      now = end
      await settle()
    },
  }
}
