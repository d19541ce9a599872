// The cloud's log: warnings for whoever watches it start, and everything of note in a file for later
// (`brume logs`), that is rotated.

import { appendFileSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { createLogger, type Logger, type LogLevel } from '@brume/base/log'

const MAX_BYTES = 16 * 1024 * 1024

/** `level` is for standard error; the file has `info` at least. A file that cannot be written ends nothing. */
export function openLog(path: string, level: LogLevel): Logger {
  const shown = createLogger(level)
  const append = appender(path)
  const kept = createLogger(level === 'debug' ? 'debug' : 'info', append)
  const both = (at: LogLevel) => (message: string, fields?: Record<string, unknown>) => {
    shown[at](message, fields)
    kept[at](message, fields)
  }
  return { debug: both('debug'), info: both('info'), warn: both('warn'), error: both('error') }
}

function appender(path: string): (line: string) => void {
  let size = prepare(path)
  return (line) => {
    if (size > MAX_BYTES) size = prepare(path)
    try {
      appendFileSync(path, line, { mode: 0o600 })
      size += Buffer.byteLength(line)
    } catch {
      // A full disk must not stop the cloud; standard error has the line.
    }
  }
}

/** Keeps one earlier file. */
function prepare(path: string): number {
  try {
    if (!existsSync(dirname(path))) mkdirSync(dirname(path), { mode: 0o700 })
    const size = existsSync(path) ? statSync(path).size : 0
    if (size <= MAX_BYTES) return size
    renameSync(path, `${path}.1`)
  } catch {
    // As above.
  }
  return 0
}
