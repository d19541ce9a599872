// By which name a CA knows one of its certificates when it is asked when to renew it (RFC 9773 section 4.1): the key that
// signed it, and its number. As much of DER is read as leads there.

import type { X509Certificate } from 'node:crypto'

/** authorityKeyIdentifier, 2.5.29.35. */
const AUTHORITY_KEY = '551d23'
const [INTEGER, OCTETS, OID, EXTENSIONS, KEY_ID] = [0x02, 0x04, 0x06, 0xa3, 0x80]

interface Element {
  tag: number
  content: Buffer
}

/** undefined: it names no key, so that it has no such name. */
export function certificateId({ raw }: X509Certificate): string | undefined {
  try {
    const [certificate] = elements(raw)
    const fields = elements(elements(certificate!.content)[0]!.content)
    const serial = fields.find(({ tag }) => tag === INTEGER)?.content
    const list = fields.find(({ tag }) => tag === EXTENSIONS)
    const key = list === undefined ? undefined : keyIn(elements(list.content)[0]!)
    return serial === undefined || key === undefined
      ? undefined
      : `${key.toString('base64url')}.${serial.toString('base64url')}`
  } catch (error) {
    // Written in another way than certificates are.
    if (error instanceof RangeError || error instanceof TypeError) return undefined
    throw error
  }
}

function keyIn(extensions: Element): Buffer | undefined {
  for (const { content } of elements(extensions.content)) {
    const parts = elements(content)
    if (parts[0]?.tag !== OID || parts[0].content.toString('hex') !== AUTHORITY_KEY) continue
    const value = parts.find(({ tag }) => tag === OCTETS)
    const [sequence] = elements(value!.content)
    return elements(sequence!.content).find(({ tag }) => tag === KEY_ID)?.content
  }
  return undefined
}

/** Throws RangeError. */
function elements(bytes: Buffer): Element[] {
  const found: Element[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes.readUInt8(at)
    const first = bytes.readUInt8(at + 1)
    const more = first < 0x80 ? 0 : first - 0x80
    const length = more === 0 ? first : bytes.readUIntBE(at + 2, more)
    const start = at + 2 + more
    if (start + length > bytes.length) throw new RangeError('an element is longer than what it is in')
    found.push({ tag, content: bytes.subarray(start, start + length) })
    at = start + length
  }
  return found
}
