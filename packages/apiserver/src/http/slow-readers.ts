// Cuts answers that their clients stopped reading, so that what waits for them cannot pile up. An answer that is
// read, however slowly, goes on.

import type { Writable } from 'node:stream'

interface Waiting {
  /** Bytes that were waiting at the last look. */
  bytes: number
  /** When fewer of them were seen to wait than before. */
  since: number
  cut(): void
}

export class SlowReaders {
  readonly #open = new Map<Writable, Waiting>()
  readonly #limitMs: number

  /** `limitMs`: how long an answer may make no progress. */
  constructor(limitMs: number) {
    this.#limitMs = limitMs
  }

  /** Watches over `stream` until it closes. `cut` must end it at once. */
  add(stream: Writable, now: number, cut: () => void): void {
    this.#open.set(stream, { bytes: 0, since: now, cut })
  }

  remove(stream: Writable): void {
    this.#open.delete(stream)
  }

  /** To be called now and then. */
  sweep(now: number): void {
    for (const [stream, waiting] of this.#open) {
      const bytes = stream.writableLength
      if (bytes === 0 || bytes < waiting.bytes || waiting.bytes === 0) waiting.since = now
      waiting.bytes = bytes
      if (bytes === 0 || now - waiting.since < this.#limitMs) continue
      this.#open.delete(stream)
      waiting.cut()
    }
  }
}
