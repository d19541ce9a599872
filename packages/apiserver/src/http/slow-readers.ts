// Cuts answers that their clients stopped reading, so that what waits for them cannot pile up. An answer that is
// read, however slowly, goes on.

import type { Writable } from 'node:stream'

/** One answer under way. */
export interface Reading {
  /** So many more bytes were given to the stream. */
  wrote(bytes: number): void
}

interface Watched extends Reading {
  written: number
  /** Bytes that the client had taken at the last look. */
  taken: number
  /** When it was last seen to take some, or to have nothing to take. */
  since: number
  cut(): void
}

export class SlowReaders {
  readonly #open = new Map<Writable, Watched>()
  readonly #limitMs: number

  /** `limitMs`: how long an answer may make no progress. */
  constructor(limitMs: number) {
    this.#limitMs = limitMs
  }

  /** Watches over `stream` until it is removed. `cut` must end it at once. */
  add(stream: Writable, now: number, cut: () => void): Reading {
    const watched: Watched = {
      written: 0,
      taken: 0,
      since: now,
      cut,
      wrote: (bytes) => {
        watched.written += bytes
      },
    }
    this.#open.set(stream, watched)
    return watched
  }

  remove(stream: Writable): void {
    this.#open.delete(stream)
  }

  /** To be called now and then. */
  sweep(now: number): void {
    for (const [stream, watched] of this.#open) {
      const waiting = stream.writableLength
      const taken = watched.written - waiting
      if (waiting === 0 || taken > watched.taken) watched.since = now
      watched.taken = taken
      if (now - watched.since < this.#limitMs) continue
      this.#open.delete(stream)
      watched.cut()
    }
  }
}
