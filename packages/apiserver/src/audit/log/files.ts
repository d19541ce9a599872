// The files of the audit log: the one that is written, and earlier ones, whose names say when they were put aside.

import {
  closeSync,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
} from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'

const TAIL_BYTES = 64 * 1024
const LINE_FEED = 0x0a

export interface LogLimits {
  /** Of a file, in bytes: beyond it the next one begins. */
  maxBytes: number
  /** Earlier files that are kept; 0: all. */
  maxFiles: number
  /** Of an earlier file, in milliseconds; 0: kept for ever. */
  maxAgeMs: number
}

export interface OpenFile {
  fd: number
  size: number
}

/**
 * Opens the log at its end, for its owner alone. Half a line at the end, of a process that was killed or a disk that was
 * full, is cut off: what follows must not be read as its other half. Throws the system's error.
 */
export function openLogFile(path: string): OpenFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const fd = openSync(path, 'a+', 0o600)
  try {
    fchmodSync(fd, 0o600)
    const whole = endOfLines(fd, fstatSync(fd).size)
    if (whole < fstatSync(fd).size) ftruncateSync(fd, whole)
    return { fd, size: whole }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** Where the last whole line ends. */
function endOfLines(fd: number, size: number): number {
  const buffer = Buffer.allocUnsafe(TAIL_BYTES)
  let end = size
  while (end > 0) {
    const from = Math.max(0, end - TAIL_BYTES)
    const length = readSync(fd, buffer, 0, end - from, from)
    const at = buffer.subarray(0, length).lastIndexOf(LINE_FEED)
    if (at >= 0) return from + at + 1
    end = from
  }
  return 0
}

/** Puts the log aside under the time. Throws the system's error. */
export function setAside(path: string, now: number): void {
  const time = new Date(now).toISOString().slice(0, 23).replaceAll(':', '-')
  const { stem, extension } = partsOf(path)
  renameSync(path, join(dirname(path), `${stem}-${time}${extension}`))
}

/** Earlier files, newest first. */
export function earlierFiles(path: string): { path: string; endedAt: number }[] {
  const { stem, extension } = partsOf(path)
  const found = []
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(`${stem}-`) || !name.endsWith(extension)) continue
    const endedAt = timeIn(name.slice(stem.length + 1, name.length - extension.length))
    if (endedAt !== undefined) found.push({ path: join(dirname(path), name), endedAt })
  }
  return found.sort((a, b) => b.endedAt - a.endedAt)
}

/** Removes earlier files that are too many or too old. Throws the system's error. */
export function removeOld(path: string, { maxFiles, maxAgeMs }: LogLimits, now: number): void {
  for (const [i, file] of earlierFiles(path).entries()) {
    const isTooMany = maxFiles > 0 && i >= maxFiles
    const isTooOld = maxAgeMs > 0 && now - file.endedAt > maxAgeMs
    if (isTooMany || isTooOld) unlinkSync(file.path)
  }
}

function partsOf(path: string): { stem: string; extension: string } {
  const extension = extname(path)
  return { stem: basename(path, extension), extension }
}

/** `2026-11-20T15-58-27.123` as milliseconds since the epoch; undefined: it is none. */
function timeIn(text: string): number | undefined {
  const match = /^(\d{4}-\d{2}-\d{2}T)(\d{2})-(\d{2})-(\d{2}\.\d{3})$/.exec(text)
  if (match === null) return undefined
  const time = Date.parse(`${match[1]}${match[2]}:${match[3]}:${match[4]}Z`)
  return Number.isNaN(time) ? undefined : time
}
