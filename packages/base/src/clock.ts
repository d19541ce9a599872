// The clock is injected everywhere, so that simulations and tests decide what time it is.

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Runs `fn` once after `delayMs` (>= 0). The timer never keeps the process alive. */
  after(delayMs: number, fn: () => void): Timer
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, fn) {
    const timer = setTimeout(fn, delayMs)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}

/** `metav1.Time`: RFC 3339 in UTC, whole seconds. */
export function formatTime(epochMs: number): string {
  const second = Math.floor(epochMs / 1000)
  if (second !== lastSecond) {
    lastTime = `${new Date(epochMs).toISOString().slice(0, 19)}Z`
    lastSecond = second
  }
  return lastTime
}

/** Many writes share one. */
let lastSecond = Number.NaN
let lastTime = ''

/** `metav1.MicroTime`: RFC 3339 in UTC with six decimals. */
export function formatMicroTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 23)}000Z`
}
