// The fields of tar headers: octal and binary numbers, text, pax records.

import { ImageError } from '../image-error.ts'

export type Pax = Map<string, Buffer>

/** Octal digits, or, with the first bit set, a big-endian binary number. Negative ones only where they are `allowed`. */
export function numberField(block: Buffer, offset: number, length: number, negativeAllowed = false): number {
  const first = block[offset]!
  if ((first & 0x80) !== 0) return binaryField(block.subarray(offset, offset + length), negativeAllowed)
  const text = textField(block, offset, length).trim()
  if (text === '') return 0
  if (!/^[0-7]+$/.test(text)) throw new ImageError('the archive is damaged: a number is not octal')
  return Number.parseInt(text, 8)
}

/** Up to the first zero byte. */
export function textField(block: Buffer, offset: number, length: number): string {
  const field = block.subarray(offset, offset + length)
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end < 0 ? field.length : end)
}

function binaryField(field: Buffer, negativeAllowed: boolean): number {
  if ((field[0]! & 0x40) !== 0 && negativeAllowed) return 0
  let value = BigInt(field[0]! & 0x7f)
  for (const byte of field.subarray(1)) value = (value << 8n) | BigInt(byte)
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new ImageError('the archive is damaged: a number is larger than any disk')
  }
  return Number(value)
}

/** Records of `LENGTH KEY=VALUE\n`. */
export function parsePax(body: Buffer): Pax {
  const records: Pax = new Map()
  let at = 0
  while (at < body.length) {
    const space = body.indexOf(0x20, at)
    const digits = space < 0 ? '' : body.toString('latin1', at, space)
    const length = /^\d{1,8}$/.test(digits) ? Number(digits) : 0
    const end = at + length
    if (length < digits.length + 4 || end > body.length || body[end - 1] !== 0x0a) throw damaged()
    const equals = body.indexOf(0x3d, space + 1)
    if (equals < 0 || equals >= end - 1) throw damaged()
    // A copy: the record outlives the buffer that it was read into.
    records.set(body.toString('utf8', space + 1, equals), Buffer.from(body.subarray(equals + 1, end - 1)))
    at = end
  }
  return records
}

const damaged = () => new ImageError('the archive is damaged: an extended header cannot be read')
