// One line of a container's log as a CRI runtime writes it: `TIME stdout|stderr TAGS TEXT`, where the tag P says that
// the text goes on in the next line. Source: Kubernetes' design proposal "CRI: Log management".

const SPACE = 0x20
const COLON = 0x3a
const PARTIAL = 0x50
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/
const MAX_TIME_LENGTH = 40

export interface LogLine {
  /** RFC 3339, as it is written. */
  time: string
  stream: 'stdout' | 'stderr'
  partial: boolean
  /** Where the text begins in the bytes that were given. */
  textAt: number
}

/** Of the bytes from `start` to `end`, without the line break. undefined: this is no line of a log. */
export function parseLine(bytes: Buffer, start: number, end: number): LogLine | undefined {
  const timeEnd = indexOf(bytes, SPACE, start, Math.min(end, start + MAX_TIME_LENGTH))
  if (timeEnd < 0) return undefined
  const time = bytes.toString('latin1', start, timeEnd)
  if (!TIME.test(time)) return undefined
  const streamEnd = indexOf(bytes, SPACE, timeEnd + 1, end)
  if (streamEnd < 0) return undefined
  const stream = bytes.toString('latin1', timeEnd + 1, streamEnd)
  if (stream !== 'stdout' && stream !== 'stderr') return undefined
  const tagsEnd = indexOf(bytes, SPACE, streamEnd + 1, end)
  if (tagsEnd < 0) return undefined
  const tag = bytes[streamEnd + 1]
  const isSingle = tagsEnd === streamEnd + 2 || bytes[streamEnd + 2] === COLON
  return { time, stream, partial: tag === PARTIAL && isSingle, textAt: tagsEnd + 1 }
}

/** With nine decimals, as `kubectl logs --timestamps` shows it. */
export function fixedTime(time: string): string {
  const zone = time.endsWith('Z') ? 'Z' : time.slice(-6)
  const [seconds, fraction = ''] = time.slice(0, -zone.length).split('.') as [string, string?]
  return `${seconds}.${fraction.padEnd(9, '0')}${zone}`
}

function indexOf(bytes: Buffer, byte: number, from: number, end: number): number {
  const at = bytes.indexOf(byte, from)
  return at < 0 || at >= end ? -1 : at
}
