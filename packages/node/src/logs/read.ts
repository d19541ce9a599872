// A container's log as text: from where it was asked for to its end, or following what is written, over rotations,
// until the container has ended. Nothing is read ahead of the reader, and nothing runs while nothing is written.

import { type FSWatcher, watch } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { LogOptions } from './log-options.ts'
import { olderPart } from './older.ts'
import { beginningOf } from './seek.ts'
import { LogText } from './text.ts'

export interface LogSource {
  path: string
  options: LogOptions
  /** Ends the reading at once. */
  signal: AbortSignal
  /** Resolves when nothing more will be written. Only for `follow`. */
  ended: Promise<void>
}

const BLOCK_BYTES = 64 * 1024

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
    const begin = await beginningOf(file, options)
    if (begin.isEarlier) yield* readOlder(path, file, { options, missing: begin.missingLines, text })
    let { position } = begin
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

/** What was put aside last, where the log itself does not go back far enough: it was rotated a moment ago. */
async function* readOlder(
  path: string,
  current: FileHandle,
  { options, missing, text }: { options: LogOptions; missing: number | undefined; text: LogText },
): AsyncGenerator<Buffer> {
  const older = await olderPart(path, current)
  if (older === undefined) return
  try {
    const { position } = await beginningOf(older, { ...options, tailLines: missing })
    yield* readToEnd(older, position, text)
    text.startFile()
  } finally {
    await older.close()
  }
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
