// The machine's clock for tests of code that waits: its timers keep the process alive, so that a test ends by its own
// limit and not because nothing else was going on.

import type { Clock } from '@brume/base/clock'

export const keptClock: Clock = {
  now: () => Date.now(),
  after(delayMs, fn) {
    const timer = setTimeout(fn, delayMs)
    return { cancel: () => clearTimeout(timer) }
  },
}
