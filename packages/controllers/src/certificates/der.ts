// Reading DER (X.690): elements one after another, every length checked against its container.

export interface DerElement {
  /** Class, constructed bit and number, as the one byte that it is for all types read here. */
  tag: number
  content: Buffer
}

export class DerError extends Error {
  override name = 'DerError'
}

export const SEQUENCE = 0x30
export const SET = 0x31
export const OBJECT_IDENTIFIER = 0x06
export const OCTET_STRING = 0x04

/** A request has a few dozen elements; more is not a request. */
const MAX_ELEMENTS = 10_000

/** All elements of `bytes`, which must end with the last one. */
export function readElements(bytes: Buffer): DerElement[] {
  const elements: DerElement[] = []
  let at = 0
  while (at < bytes.length) {
    const { element, end } = readElement(bytes, at)
    elements.push(element)
    if (elements.length > MAX_ELEMENTS) throw new DerError('too many elements')
    at = end
  }
  return elements
}

/** The elements inside one of the given tag. */
export function inside(element: DerElement | undefined, tag: number): DerElement[] {
  if (element === undefined || element.tag !== tag) throw new DerError(`expected an element of tag ${tag}`)
  return readElements(element.content)
}

/** Dotted decimal. */
export function objectIdentifier(element: DerElement | undefined): string {
  if (element === undefined || element.tag !== OBJECT_IDENTIFIER || element.content.length === 0) {
    throw new DerError('expected an object identifier')
  }
  const numbers: number[] = []
  let number = 0
  for (const byte of element.content) {
    number = number * 128 + (byte & 0x7f)
    if (number > Number.MAX_SAFE_INTEGER) throw new DerError('an object identifier is too large')
    if (byte & 0x80) continue
    numbers.push(number)
    number = 0
  }
  const first = numbers.shift() ?? 0
  const root = Math.min(Math.floor(first / 40), 2)
  return [root, first - root * 40, ...numbers].join('.')
}

function readElement(bytes: Buffer, at: number): { element: DerElement; end: number } {
  const tag = bytes[at]
  const short = bytes[at + 1]
  if (tag === undefined || short === undefined) throw new DerError('an element is cut off')
  if ((tag & 0x1f) === 0x1f) throw new DerError('tags of several bytes are not used here')
  let start = at + 2
  let length = short
  if (short & 0x80) {
    const size = short & 0x7f
    if (size === 0 || size > 4 || start + size > bytes.length) throw new DerError('a length is malformed')
    length = bytes.readUIntBE(start, size)
    start += size
  }
  const end = start + length
  if (end > bytes.length) throw new DerError('an element is longer than its container')
  return { element: { tag, content: bytes.subarray(start, end) }, end }
}
