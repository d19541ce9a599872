// Fields of a protobuf message as bytes, for documents that are encoded once and kept. Absent values are no fields.

const VARINT = 0
const FIXED64 = 1
const DELIMITED = 2

export function message(...fields: (Buffer | undefined)[]): Buffer {
  return Buffer.concat(fields.filter((field) => field !== undefined))
}

export function bytesField(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint((number << 3) | DELIMITED), varint(bytes.length), bytes])
}

export function textField(number: number, text: unknown): Buffer | undefined {
  return typeof text === 'string' && text !== '' ? bytesField(number, Buffer.from(text)) : undefined
}

export function flagField(number: number, flag: unknown): Buffer | undefined {
  return flag === true ? Buffer.concat([varint((number << 3) | VARINT), varint(1)]) : undefined
}

/** A whole number >= 0; anything else is left out. */
export function intField(number: number, value: unknown): Buffer | undefined {
  if (!Number.isSafeInteger(value) || (value as number) <= 0) return undefined
  return Buffer.concat([varint((number << 3) | VARINT), varint(value as number)])
}

export function doubleField(number: number, value: unknown): Buffer | undefined {
  if (typeof value !== 'number' || value === 0) return undefined
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return Buffer.concat([varint((number << 3) | FIXED64), bytes])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}
