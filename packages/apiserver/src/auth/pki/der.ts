// DER (ITU-T X.690): the few types that certificates and certificate requests are made of. Writers return the bytes
// of one element; the reader checks every length against what is there, so that no input can make it read past it.

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  t61String: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

export class DerError extends Error {
  override name = 'DerError'
}

export interface DerElement {
  tag: number
  content: Buffer
  /** Header and content: what a signature covers. */
  raw: Buffer
}

export function element(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content])
}

export const sequence = (...parts: Buffer[]): Buffer => element(TAG.sequence, ...parts)
export const set = (...parts: Buffer[]): Buffer => element(TAG.set, ...parts)
export const boolean = (value: boolean): Buffer => element(TAG.boolean, Buffer.from([value ? 0xff : 0]))
export const octetString = (content: Buffer): Buffer => element(TAG.octetString, content)
export const utf8String = (text: string): Buffer => element(TAG.utf8String, Buffer.from(text, 'utf8'))
export const bitString = (content: Buffer, unusedBits = 0): Buffer =>
  element(TAG.bitString, Buffer.from([unusedBits]), content)
/** Context-specific tag [n]. */
export const context = (n: number, constructed: boolean, ...parts: Buffer[]): Buffer =>
  element((constructed ? 0xa0 : 0x80) | n, ...parts)

/** A non-negative integer from its big-endian bytes. */
export function integer(bytes: Buffer): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const magnitude = bytes.subarray(start)
  const padded = (magnitude[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), magnitude]) : magnitude
  return element(TAG.integer, padded.length === 0 ? Buffer.from([0]) : padded)
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const arc of rest) bytes.push(...base128(arc))
  return element(TAG.oid, Buffer.from(bytes))
}

/** UTCTime before 2050, GeneralizedTime from then on (RFC 5280). Whole seconds. */
export function time(epochMs: number): Buffer {
  const digits = new Date(epochMs).toISOString().replace(/[-:T]/g, '').slice(0, 14)
  const year = Number(digits.slice(0, 4))
  return year < 2050
    ? element(TAG.utcTime, Buffer.from(`${digits.slice(2)}Z`))
    : element(TAG.generalizedTime, Buffer.from(`${digits}Z`))
}

/** The one element that `bytes` consists of. Throws DerError on anything else. */
export function readOne(bytes: Buffer): DerElement {
  const { element: found, end } = readAt(bytes, 0)
  if (end !== bytes.length) throw new DerError('trailing bytes')
  return found
}

/** The elements inside a constructed one. Throws DerError. */
export function children(parent: DerElement): DerElement[] {
  const found: DerElement[] = []
  for (let at = 0; at < parent.content.length; ) {
    const { element: child, end } = readAt(parent.content, at)
    found.push(child)
    at = end
  }
  return found
}

/** `elements[index]`, which must have that tag. */
export function expectAt(elements: readonly DerElement[], index: number, tag: number): DerElement {
  const found = elements[index]
  if (found?.tag !== tag) throw new DerError(`element ${index} is not of tag ${tag}`)
  return found
}

export function oidText(found: DerElement): string {
  const arcs: number[] = []
  let value = 0
  for (const byte of found.content) {
    value = value * 128 + (byte & 0x7f)
    if (value > Number.MAX_SAFE_INTEGER) throw new DerError('object identifier out of range')
    if (byte >= 0x80) continue
    if (arcs.length === 0) {
      const first = Math.min(2, Math.floor(value / 40))
      arcs.push(first, value - first * 40)
    } else arcs.push(value)
    value = 0
  }
  return arcs.join('.')
}

/** Text of the string types that names use. Throws DerError for others. */
export function stringText(found: DerElement): string {
  switch (found.tag) {
    case TAG.utf8String:
      return found.content.toString('utf8')
    case TAG.printableString:
    case TAG.ia5String:
    case TAG.t61String:
      return found.content.toString('latin1')
    case TAG.bmpString:
      return Buffer.from(found.content.subarray(0, found.content.length & ~1))
        .swap16()
        .toString('utf16le')
    default:
      throw new DerError(`tag ${found.tag} is not a string`)
  }
}

/** Content of a BIT STRING of whole bytes. */
export function bitStringBytes(found: DerElement): Buffer {
  if (found.tag !== TAG.bitString || found.content[0] !== 0) throw new DerError('not a string of whole bytes')
  return found.content.subarray(1)
}

function readAt(bytes: Buffer, at: number): { element: DerElement; end: number } {
  const tag = bytes[at]
  const short = bytes[at + 1]
  if (tag === undefined || short === undefined) throw new DerError('truncated')
  if ((tag & 0x1f) === 0x1f) throw new DerError('high tag numbers are not used here')
  let start = at + 2
  let length = short
  if (short >= 0x80) {
    const octets = short & 0x7f
    if (octets === 0 || octets > 4 || start + octets > bytes.length) throw new DerError('bad length')
    length = bytes.readUIntBE(start, octets)
    start += octets
  }
  const end = start + length
  if (end > bytes.length) throw new DerError('truncated')
  return { element: { tag, content: bytes.subarray(start, end), raw: bytes.subarray(at, end) }, end }
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest & 0xff)
  return Buffer.from([0x80 | bytes.length, ...bytes])
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f]
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.unshift((rest & 0x7f) | 0x80)
  }
  return bytes
}
