// Where in a log to begin, found without reading what comes before: the last lines from the end, a time by halving.

import type { FileHandle } from 'node:fs/promises'
import { parseLine } from './line.ts'
import type { LogOptions } from './log-options.ts'

const BLOCK_BYTES = 64 * 1024
const NEWLINE = 0x0a
/** Enough for the time, the stream and the tags of a line. */
const HEAD_BYTES = 96

export interface Beginning {
  position: number
  /** What was asked for begins in an earlier file. */
  isEarlier: boolean
  /** How many of the lines that were asked for are there; undefined: no number was. */
  missingLines: number | undefined
}

export async function beginningOf(
  file: FileHandle,
  { tailLines, sinceMs }: Pick<LogOptions, 'tailLines' | 'sinceMs'>,
): Promise<Beginning> {
  const { size } = await file.stat()
  if (tailLines !== undefined) {
    const { offset, found } = await offsetOfTail(file, size, tailLines)
    return { position: offset, isEarlier: found < tailLines, missingLines: tailLines - found }
  }
  const position = sinceMs === undefined ? 0 : await offsetOfTime(file, size, sinceMs)
  return { position, isEarlier: position === 0, missingLines: undefined }
}

/** Offset of the last `lines` lines, and how many there are; what is written in parts counts as one line. */
export async function offsetOfTail(
  file: FileHandle,
  size: number,
  lines: number,
): Promise<{ offset: number; found: number }> {
  if (lines === 0) return { offset: size, found: 0 }
  // From the end backwards; a line that is not partial ends what comes before the one that follows it.
  let found = 0
  let following = size
  for await (const line of linesBackwards(file, size)) {
    const isNew = following === size || !line.partial
    if (isNew && found === lines) return { offset: following, found }
    if (isNew) found++
    following = line.offset
  }
  return { offset: following, found }
}

async function* linesBackwards(
  file: FileHandle,
  size: number,
): AsyncGenerator<{ offset: number; partial: boolean }> {
  let end = size
  // The beginning of what was read before: the head of a line can lie in two blocks.
  let after: Buffer = Buffer.alloc(0)
  while (end > 0) {
    const start = Math.max(0, end - BLOCK_BYTES)
    const block = await readAt(file, start, end - start)
    const bytes = Buffer.concat([block, after])
    for (let at = lastBreak(block, block.length - 1); at >= 0; at = lastBreak(block, at - 1)) {
      if (start + at + 1 < size) yield { offset: start + at + 1, partial: isPartial(bytes, at + 1) }
    }
    after = Buffer.from(bytes.subarray(0, HEAD_BYTES))
    end = start
  }
  if (size > 0) yield { offset: 0, partial: isPartial(after, 0) }
}

/** Of a block at or before `at`; -1: none. */
function lastBreak(block: Buffer, at: number): number {
  return at < 0 ? -1 : block.lastIndexOf(NEWLINE, at)
}

/** Offset of a line at or before which nothing is as new as `sinceMs`. Lines are taken to be in order of time. */
export async function offsetOfTime(file: FileHandle, size: number, sinceMs: number): Promise<number> {
  let low = 0
  let high = size
  while (high - low > BLOCK_BYTES) {
    const middle = low + Math.floor((high - low) / 2)
    const line = await lineAfter(file, middle, high)
    if (line === undefined || line.timeMs >= sinceMs) high = middle
    else low = line.offset
  }
  return low
}

async function lineAfter(
  file: FileHandle,
  offset: number,
  end: number,
): Promise<{ offset: number; timeMs: number } | undefined> {
  const bytes = await readAt(file, offset, Math.min(BLOCK_BYTES, end - offset))
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) {
    const line = parseLine(bytes, at + 1, bytes.length)
    if (line !== undefined) return { offset: offset + at + 1, timeMs: Date.parse(line.time) }
  }
  return undefined
}

function isPartial(bytes: Buffer, start: number): boolean {
  const end = Math.min(bytes.length, start + HEAD_BYTES)
  return parseLine(bytes, start, end)?.partial === true
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
