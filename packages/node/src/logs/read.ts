// A container's log as text: from where it was asked for to its end, or following what is written, over rotations,
// until the container has ended. Nothing is read ahead of the reader, and nothing runs while nothing is written.

import { type FSWatcher, watch } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fixedTime, parseLine } from './line.ts'
import { offsetOfTail, offsetOfTime } from './seek.ts'

export interface LogOptions {
  follow: boolean
  timestamps: boolean
  /** Lines from the end; undefined: all. */
  tailLines?: number | undefined
  /** Milliseconds since the epoch: nothing older. */
  sinceMs?: number | undefined
  /** Of the text that is given, times included. */
  limitBytes?: number | undefined
}

export interface LogSource {
  path: string
  options: LogOptions
  /** Ends the reading at once. */
  signal: AbortSignal
  /** Resolves when nothing more will be written. Only for `follow`. */
  ended: Promise<void>
}

const BLOCK_BYTES = 64 * 1024
const NEWLINE = 0x0a
/** Runtimes cut lines at 16 KiB: what goes on for longer is no log. */
const MAX_LINE_BYTES = 1024 * 1024

/** Rejects with the system's error when the log cannot be opened. What it gives must be read, or there is a leak. */
export async function openLog(source: LogSource): Promise<AsyncGenerator<Buffer>> {
  const { path, options, signal, ended } = source
  const file = await open(path, 'r')
  try {
    const wakes = options.follow ? new Wakes(dirname(path), ended, signal) : undefined
    return readLog(source, file, wakes)
  } catch (error) {
    await file.close()
    throw error
  }
}

async function* readLog(
  { path, options, signal }: LogSource,
  opened: FileHandle,
  wakes: Wakes | undefined,
): AsyncGenerator<Buffer> {
  let file = opened
  try {
    const text = new LogText(options)
    let position = await startOf(file, options)
    for (;;) {
      // Asked before reading: what was written until then is read.
      const isOver = wakes === undefined || wakes.ended
      const seen = wakes?.count
      position = yield* readToEnd(file, position, text)
      if (text.isFull || signal.aborted) return
      const next = await successorOf(file, path)
      if (next !== undefined) {
        yield* readToEnd(file, position, text)
        await file.close()
        file = next
        position = 0
        text.startFile()
        continue
      }
      if (isOver) break
      if ((await file.stat()).size < position) position = 0
      else if (wakes.count === seen) await wakes.next()
      if (signal.aborted) return
    }
    const rest = text.rest()
    if (rest.length > 0) yield rest
  } finally {
    wakes?.close()
    await file.close()
  }
}

async function startOf(file: FileHandle, { tailLines, sinceMs }: LogOptions): Promise<number> {
  const { size } = await file.stat()
  if (tailLines !== undefined) return offsetOfTail(file, size, tailLines)
  return sinceMs === undefined ? 0 : offsetOfTime(file, size, sinceMs)
}

async function* readToEnd(file: FileHandle, from: number, text: LogText): AsyncGenerator<Buffer, number> {
  let position = from
  for (;;) {
    const block = Buffer.allocUnsafe(BLOCK_BYTES)
    const { bytesRead } = await file.read(block, 0, BLOCK_BYTES, position)
    if (bytesRead === 0) return position
    position += bytesRead
    const out = text.take(block.subarray(0, bytesRead))
    if (out.length > 0) yield out
    if (text.isFull) return position
  }
}

/**
 * The file that has taken the place of this one. While it is empty the runtime may still write to the old one.
 */
async function successorOf(file: FileHandle, path: string): Promise<FileHandle | undefined> {
  try {
    const [own, there] = [await file.stat(), await stat(path)]
    if ((there.ino === own.ino && there.dev === own.dev) || there.size === 0) return undefined
    return await open(path, 'r')
  } catch (error) {
    // Renamed, and not yet opened again by the runtime.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Changes in the log's directory, counted, so that none is missed between a look and a wait. */
class Wakes {
  count = 0
  ended = false
  readonly #watcher: FSWatcher
  #wake = () => {}
  readonly #onAbort = () => this.#notice()
  readonly #signal: AbortSignal

  constructor(directory: string, ended: Promise<void>, signal: AbortSignal) {
    this.#signal = signal
    this.#watcher = watch(directory, { persistent: false }, () => this.#notice())
    this.#watcher.on('error', () => this.#notice())
    signal.addEventListener('abort', this.#onAbort)
    void ended.then(() => {
      this.ended = true
      this.#notice()
    })
  }

  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
      if (this.#signal.aborted) resolve()
    })
  }

  close(): void {
    this.#watcher.close()
    this.#signal.removeEventListener('abort', this.#onAbort)
  }

  #notice(): void {
    this.count++
    this.#wake()
  }
}

/** Lines of the file in, text as it was asked for out. */
class LogText {
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
