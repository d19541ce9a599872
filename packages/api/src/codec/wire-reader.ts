// Reading protobuf's wire format, within the bounds of one buffer. Anything malformed is a DecodeError.

import { DecodeError } from '../schema/decode-error.ts'

export const VARINT = 0
export const FIXED64 = 1
export const BYTES = 2
export const FIXED32 = 5

/** A cursor; `end` is moved by whoever reads a nested message, and moved back. */
export interface WireReader {
  readonly bytes: Buffer
  at: number
  end: number
}

export function wireReader(bytes: Buffer): WireReader {
  return { bytes, at: 0, end: bytes.length }
}

/** An unsigned varint of at most 32 bits: tags and lengths. */
export function readUint32(reader: WireReader): number {
  const { bytes, end } = reader
  let value = 0
  for (let shift = 0; shift < 35; shift += 7) {
    if (reader.at >= end) throw truncated()
    const byte = bytes[reader.at++]!
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return value >>> 0
  }
  throw new DecodeError('proto: integer overflow')
}

/** A varint's low 32 bits as a signed number, which is how Go reads int32 and bool. */
export function readInt32(reader: WireReader): number {
  const { bytes, end } = reader
  let value = 0
  for (let shift = 0; shift < 70; shift += 7) {
    if (reader.at >= end) throw truncated()
    const byte = bytes[reader.at++]!
    if (shift < 32) value |= (byte & 0x7f) << shift
    if (byte < 0x80) return value | 0
  }
  throw new DecodeError('proto: integer overflow')
}

/** A signed 64-bit varint: a number where it is safe, else a bigint. */
export function readInt64(reader: WireReader): number | bigint {
  const { bytes, end } = reader
  let low = 0
  for (let factor = 1; factor < 2 ** 49; factor *= 128) {
    if (reader.at >= end) throw truncated()
    const byte = bytes[reader.at++]!
    low += (byte & 0x7f) * factor
    if (byte < 0x80) return low
  }
  let value = BigInt(low)
  for (let shift = 49n; shift < 70n; shift += 7n) {
    if (reader.at >= end) throw truncated()
    const byte = bytes[reader.at++]!
    value |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return safeOrBig(BigInt.asIntN(64, value))
  }
  throw new DecodeError('proto: integer overflow')
}

export function readDouble(reader: WireReader): number {
  if (reader.at + 8 > reader.end) throw truncated()
  const value = reader.bytes.readDoubleLE(reader.at)
  reader.at += 8
  return value
}

/** Offset just behind a length-delimited value, whose length is read here; checked against the bounds. */
export function readLength(reader: WireReader): number {
  const length = readUint32(reader)
  const stop = reader.at + length
  if (stop > reader.end) throw truncated()
  return stop
}

export function readBytes(reader: WireReader): Buffer {
  const stop = readLength(reader)
  const bytes = reader.bytes.subarray(reader.at, stop)
  reader.at = stop
  return bytes
}

export function readString(reader: WireReader): string {
  const stop = readLength(reader)
  const text = shortAscii(reader.bytes, reader.at, stop) ?? reader.bytes.toString('utf8', reader.at, stop)
  reader.at = stop
  return text
}

/** Leaves out a field of no interest. Groups are no part of this API and refused. */
export function skip(reader: WireReader, wireType: number): void {
  if (wireType === VARINT) readInt32(reader)
  else if (wireType === BYTES) reader.at = readLength(reader)
  else if (wireType === FIXED64 || wireType === FIXED32) {
    reader.at += wireType === FIXED64 ? 8 : 4
    if (reader.at > reader.end) throw truncated()
  } else throw new DecodeError(`proto: illegal wireType ${wireType}`)
}

export function truncated(): DecodeError {
  return new DecodeError('unexpected EOF')
}

/** Most strings are short and ASCII: cheaper byte by byte than through the decoder. */
function shortAscii(bytes: Buffer, from: number, to: number): string | undefined {
  if (to - from > 24) return undefined
  let text = ''
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!
    if (byte >= 0x80) return undefined
    text += String.fromCharCode(byte)
  }
  return text
}

function safeOrBig(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
