// Lines of a log's file in, text as it was asked for out.

import { fixedTime, parseLine } from './line.ts'
import type { LogOptions } from './log-options.ts'

const NEWLINE = 0x0a
/** Runtimes cut lines at 16 KiB: what goes on for longer is no log. */
const MAX_LINE_BYTES = 1024 * 1024

export class LogText {
  readonly #options: LogOptions
  #held: Buffer = Buffer.alloc(0)
  #left: number
  #atLineStart = true
  #skipping = false

  constructor(options: LogOptions) {
    this.#options = options
    this.#left = options.limitBytes ?? Number.POSITIVE_INFINITY
  }

  get isFull(): boolean {
    return this.#left <= 0
  }

  /** The rest of a line that was cut off has no end in the next file. */
  startFile(): void {
    this.#held = Buffer.alloc(0)
    this.#skipping = false
  }

  take(chunk: Buffer): Buffer {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const out: Buffer[] = []
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      if (this.#skipping) this.#skipping = false
      else this.#line(bytes, start, end, out)
      start = end + 1
      if (this.isFull) break
    }
    this.#held = Buffer.from(bytes.subarray(start))
    if (this.#held.length > MAX_LINE_BYTES) {
      this.#held = Buffer.alloc(0)
      this.#skipping = true
    }
    return out.length === 1 ? out[0]! : Buffer.concat(out)
  }

  /** A last line without its end. */
  rest(): Buffer {
    const out: Buffer[] = []
    if (this.#held.length > 0 && !this.#skipping) this.#line(this.#held, 0, this.#held.length, out)
    return Buffer.concat(out)
  }

  /** Lines that are no lines of a log are left out: the file can have been cut by a full disk. */
  #line(bytes: Buffer, start: number, end: number, out: Buffer[]): void {
    const line = parseLine(bytes, start, end)
    if (line === undefined) return
    const { sinceMs, timestamps } = this.#options
    if (sinceMs !== undefined && Date.parse(line.time) < sinceMs) return
    if (timestamps && this.#atLineStart) this.#put(Buffer.from(`${fixedTime(line.time)} `), out)
    const isEnd = !line.partial && bytes[end] === NEWLINE
    this.#put(bytes.subarray(line.textAt, isEnd ? end + 1 : end), out)
    this.#atLineStart = !line.partial
  }

  #put(piece: Buffer, out: Buffer[]): void {
    const taken = piece.length > this.#left ? piece.subarray(0, this.#left) : piece
    this.#left -= taken.length
    if (taken.length > 0) out.push(taken)
  }
}
