// The last complaints in containerd's log, for the sentence that says why it does not start.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const TAIL_BYTES = 16 * 1024
const MAX_LINES = 3

/** '' when there are none. Lines are logfmt: `time=... level=error msg="..." error="..."`. */
export function lastErrors(path: string): string {
  const lines = tail(path)
    .split('\n')
    .filter((line) => /level=(error|fatal|panic)|failed to load plugin|^containerd: /.test(line))
    .slice(-MAX_LINES)
  return lines.map(shorten).join('; ')
}

function shorten(line: string): string {
  const message = field(line, 'msg') ?? line
  const error = field(line, 'error')
  return error === undefined ? message : `${message}: ${error}`
}

function field(line: string, name: string): string | undefined {
  const match = new RegExp(` ${name}=("(?:[^"\\\\]|\\\\.)*"|\\S+)`).exec(line)
  if (match === null) return undefined
  return match[1]!.startsWith('"') ? match[1]!.slice(1, -1).replaceAll('\\"', '"') : match[1]!
}

function tail(path: string): string {
  try {
    const file = openSync(path, 'r')
    try {
      const { size } = fstatSync(file)
      const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES))
      readSync(file, bytes, 0, bytes.length, size - bytes.length)
      return bytes.toString('utf8')
    } finally {
      closeSync(file)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
