// Fields of a protobuf message, for documents that are encoded once and kept. Absent values are no fields. Messages are
// lists of pieces until they are asked for as bytes, so nesting copies nothing.

const VARINT = 0
const FIXED64 = 1
const DELIMITED = 2

export interface Pieces {
  length: number
  pieces: Buffer[]
}

export function message(...fields: (Pieces | undefined)[]): Pieces {
  const all: Pieces = { length: 0, pieces: [] }
  for (const field of fields) {
    if (field === undefined) continue
    all.length += field.length
    for (const piece of field.pieces) all.pieces.push(piece)
  }
  return all
}

export function bytesOf({ length, pieces }: Pieces): Buffer {
  return Buffer.concat(pieces, length)
}

/** A nested message, or one that is in bytes already. */
export function messageField(number: number, content: Pieces | Buffer): Pieces {
  const pieces = Buffer.isBuffer(content) ? [content] : content.pieces
  const head = header(number, DELIMITED, content.length, 0)
  return { length: head.length + content.length, pieces: [head, ...pieces] }
}

export function textField(number: number, text: unknown): Pieces | undefined {
  return typeof text === 'string' && text !== '' ? presentTextField(number, text) : undefined
}

/** Also where it is empty, as one of several fields that could be there. */
export function presentTextField(number: number, text: string): Pieces {
  const length = Buffer.byteLength(text)
  const bytes = header(number, DELIMITED, length, length)
  bytes.write(text, bytes.length - length)
  return { length: bytes.length, pieces: [bytes] }
}

export function flagField(number: number, flag: unknown): Pieces | undefined {
  return flag === true ? presentFlagField(number, flag) : undefined
}

export function presentFlagField(number: number, flag: boolean): Pieces {
  return varintField(number, flag ? 1 : 0)
}

/** A whole number > 0; anything else is left out, as proto3 leaves out zero. */
export function intField(number: number, value: unknown): Pieces | undefined {
  return Number.isSafeInteger(value) && (value as number) > 0
    ? varintField(number, value as number)
    : undefined
}

function varintField(number: number, value: number): Pieces {
  const bytes = header(number, VARINT, value, 0)
  return { length: bytes.length, pieces: [bytes] }
}

export function doubleField(number: number, value: unknown): Pieces | undefined {
  return typeof value === 'number' && value !== 0 ? presentDoubleField(number, value) : undefined
}

export function presentDoubleField(number: number, value: number): Pieces {
  const tag = varintLength((number << 3) | FIXED64)
  const bytes = Buffer.allocUnsafe(tag + 8)
  writeVarint(bytes, 0, (number << 3) | FIXED64)
  bytes.writeDoubleLE(value, tag)
  return { length: bytes.length, pieces: [bytes] }
}

/** Tag and one varint, with `room` bytes after them. */
function header(number: number, wireType: number, value: number, room: number): Buffer {
  const tag = (number << 3) | wireType
  const bytes = Buffer.allocUnsafe(varintLength(tag) + varintLength(value) + room)
  writeVarint(bytes, writeVarint(bytes, 0, tag), value)
  return bytes
}

function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++
  return length
}

/** Returns where it ends. */
function writeVarint(bytes: Buffer, start: number, value: number): number {
  let at = start
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 128
  bytes[at++] = rest
  return at
}
