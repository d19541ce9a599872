// HTTP/2 frames written and read by hand (RFC 9113), with header blocks that use no compression at all.

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

export const TYPES = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const
export const END_STREAM = 1
export const END_HEADERS = 4
export const INITIAL_WINDOW = 4

export interface Frame {
  type: number
  flags: number
  stream: number
  payload: Buffer
}

export function frame(
  type: keyof typeof TYPES | number,
  fields: { flags?: number; stream?: number; payload?: Buffer; length?: number } = {},
): Buffer {
  const { flags = 0, stream = 0, payload = Buffer.alloc(0), length = payload.length } = fields
  const head = Buffer.alloc(9)
  head.writeUIntBE(length, 0, 3)
  head.writeUInt8(typeof type === 'number' ? type : TYPES[type], 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

export function settings(values: Readonly<Record<number, number>> = {}): Buffer {
  const entries = Object.entries(values).map(([id, value]) => {
    const entry = Buffer.alloc(6)
    entry.writeUInt16BE(Number(id), 0)
    entry.writeUInt32BE(value, 2)
    return entry
  })
  return frame('settings', { payload: Buffer.concat(entries) })
}

/** Literal header fields, never indexed (RFC 7541, 6.2.3). */
export function headerBlock(headers: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(
    headers.map(([name, value]) => Buffer.concat([Buffer.from([0x10]), text(name), text(value)])),
  )
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([integer(bytes.length), bytes])
}

/** With a prefix of seven bits. */
function integer(value: number): Buffer {
  if (value < 127) return Buffer.from([value])
  const bytes = [127]
  let rest = value - 127
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Buffer.from([...bytes, rest])
}

export function request(
  stream: number,
  of: { method?: string; path: string; headers?: readonly (readonly [string, string])[]; isWhole?: boolean },
): Buffer {
  const { method = 'GET', path, headers = [], isWhole = true } = of
  const payload = headerBlock([
    [':method', method],
    [':scheme', 'https'],
    [':authority', 'brume'],
    [':path', path],
    ...headers,
  ])
  return frame('headers', { flags: END_HEADERS | (isWhole ? END_STREAM : 0), stream, payload })
}

export function data(stream: number, payload: Buffer | string, isLast = false): Buffer {
  return frame('data', { flags: isLast ? END_STREAM : 0, stream, payload: Buffer.from(payload) })
}

export function reset(stream: number, code = 8): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(code)
  return frame('reset', { stream, payload })
}

export function windowUpdate(stream: number, bytes: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(bytes)
  return frame('window', { stream, payload })
}

/** The whole frames at the beginning of `bytes`. */
export function parseFrames(bytes: Buffer): Frame[] {
  const frames: Frame[] = []
  let at = 0
  while (at + 9 <= bytes.length) {
    const length = bytes.readUIntBE(at, 3)
    if (at + 9 + length > bytes.length) break
    frames.push({
      type: bytes.readUInt8(at + 3),
      flags: bytes.readUInt8(at + 4),
      stream: bytes.readUInt32BE(at + 5) & 0x7fffffff,
      payload: bytes.subarray(at + 9, at + 9 + length),
    })
    at += 9 + length
  }
  return frames
}

/** The code of the first GOAWAY; undefined: none came. */
export function goAwayOf(bytes: Buffer): number | undefined {
  return parseFrames(bytes)
    .find(({ type }) => type === TYPES.goaway)
    ?.payload.readUInt32BE(4)
}

/** The code with which a stream was reset; undefined: it was not. */
export function resetOf(bytes: Buffer, stream: number): number | undefined {
  return parseFrames(bytes)
    .find((f) => f.type === TYPES.reset && f.stream === stream)
    ?.payload.readUInt32BE(0)
}

export const hasAnswer = (bytes: Buffer, stream: number): boolean =>
  parseFrames(bytes).some((f) => f.type === TYPES.headers && f.stream === stream)

/** All DATA of a stream. */
export function bodyOf(bytes: Buffer, stream: number): Buffer {
  return Buffer.concat(
    parseFrames(bytes)
      .filter((f) => f.type === TYPES.data && f.stream === stream)
      .map(({ payload }) => payload),
  )
}
