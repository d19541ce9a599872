// Waiting: exponential with jitter, on the injected clock.

import type { Clock } from '@brume/base/clock'

export interface BackoffOptions {
  initialMs: number
  maxMs: number
  factor: number
  /** Each delay is multiplied by a random number in [1, 1 + jitter]. */
  jitter: number
}

/** As client-go's reflector: 0.8 s doubling to 30 s, jitter 1. */
export const REFLECTOR_BACKOFF: BackoffOptions = { initialMs: 800, maxMs: 30_000, factor: 2, jitter: 1 }

export class Backoff {
  readonly #options: BackoffOptions
  readonly #random: () => number
  #nextMs: number

  constructor(options: BackoffOptions, random: () => number) {
    this.#options = options
    this.#random = random
    this.#nextMs = options.initialMs
  }

  /** The delay to wait now; the next one is longer. */
  next(): number {
    const { maxMs, factor, jitter } = this.#options
    const delayMs = this.#nextMs * (1 + jitter * this.#random())
    this.#nextMs = Math.min(this.#nextMs * factor, maxMs)
    return delayMs
  }

  reset(): void {
    this.#nextMs = this.#options.initialMs
  }
}

/** Resolves after `delayMs`, or at once when the signal is aborted (it does not throw: check the signal). */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const finish = () => {
      timer.cancel()
      signal?.removeEventListener('abort', finish)
      resolve()
    }
    const timer = clock.after(delayMs, finish)
    signal?.addEventListener('abort', finish)
  })
}
