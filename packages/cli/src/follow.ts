// The end of a file that grows, and what is written to it from then on.

import { type FSWatcher, watch } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { type ParsedCommand, UsageError } from '@brume/base/command-line'

const CHUNK_BYTES = 64 * 1024
/** Of the end of a file that are looked through for lines. */
const MAX_TAIL_BYTES = 8 * 1024 * 1024

/** Of --tail. */
export const DEFAULT_LINES = 100

/** How many of the last lines are asked for with --tail. Throws UsageError. */
export function linesOf({ command, options }: ParsedCommand): number {
  const lines = Number(options['tail'] ?? DEFAULT_LINES)
  if (Number.isSafeInteger(lines) && lines >= 0) return lines
  throw new UsageError(`--tail takes a number of lines. Next: ./brume ${command.name} --tail 100`)
}

/** Aborted by Ctrl-C. */
export function interrupted(): AbortSignal {
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  return stop.signal
}

/** The last `lines` lines, and the position after them. */
export async function tailOf(path: string, lines: number): Promise<{ text: string; end: number }> {
  const file = await open(path, 'r')
  try {
    const end = (await file.stat()).size
    let bytes = Buffer.alloc(0)
    let start = end
    while (start > 0 && newlines(bytes) <= lines && bytes.length < MAX_TAIL_BYTES) {
      const size = Math.min(CHUNK_BYTES, start)
      start -= size
      bytes = Buffer.concat([await readAt(file, start, size), bytes])
    }
    return { text: lastLines(bytes.toString('utf8'), lines), end }
  } finally {
    await file.close()
  }
}

/**
 * Calls `onText` with what comes after `position` until `signal` is aborted. A file that is replaced by a new one of
 * the same name (rotation) is read to its end, then the new one from its beginning.
 */
export async function followFile(
  path: string,
  position: number,
  onText: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let file = await open(path, 'r')
  let at = position
  let changed: () => void = () => {}
  const watcher: FSWatcher = watch(dirname(path), (_, name) => {
    if (name === null || name === basename(path)) changed()
  })
  try {
    while (!signal.aborted) {
      const next = new Promise<void>((resolve) => {
        changed = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
      at = await readOn(file, at, onText)
      const newer = await replacement(path, file)
      if (newer !== undefined) {
        await readOn(file, at, onText)
        await file.close()
        file = newer
        at = 0
        continue
      }
      await next
    }
  } finally {
    watcher.close()
    await file.close()
  }
}

/** From `at` to the end; gives the position there. A file that was cut is read from its beginning. */
async function readOn(file: FileHandle, at: number, onText: (text: string) => void): Promise<number> {
  const { size } = await file.stat()
  let position = size < at ? 0 : at
  while (position < size) {
    const bytes = await readAt(file, position, Math.min(CHUNK_BYTES, size - position))
    if (bytes.length === 0) break
    // A letter of several bytes may be cut at the end of a piece: lines are whole, so whole lines are passed on.
    const whole = bytes.lastIndexOf(10) + 1 || bytes.length
    onText(bytes.toString('utf8', 0, whole))
    position += whole
  }
  return position
}

async function replacement(path: string, file: FileHandle): Promise<FileHandle | undefined> {
  let found: FileHandle
  try {
    found = await open(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const [mine, other] = await Promise.all([file.stat(), found.stat()])
  if (mine.ino !== other.ino || mine.dev !== other.dev) return found
  await found.close()
  return undefined
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(length), position })
  return buffer.subarray(0, bytesRead)
}

function newlines(bytes: Buffer): number {
  let count = 0
  for (const byte of bytes) if (byte === 10) count++
  return count
}

function lastLines(text: string, lines: number): string {
  if (lines === 0 || text === '') return ''
  const all = text.split('\n')
  const whole = text.endsWith('\n') ? all.slice(0, -1) : all
  const last = whole.slice(-lines)
  return last.length === 0 ? '' : `${last.join('\n')}\n`
}
