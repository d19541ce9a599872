// Addresses that mean something else than one machine of the network, and texts of addresses that other readers may
// take amiss.

import { type FieldError, invalid } from '../field-error.ts'
import { parseCIDR, parseIP } from './ip.ts'

/** Endpoints and external addresses may not be unspecified, loopback or link-local. */
export function nonSpecialIP(address: string, field: string): FieldError[] {
  const bytes = parseIP(address)
  if (bytes === undefined) return [invalid(field, address, 'must be a valid IP address')]
  if (bytes.every((byte) => byte === 0)) {
    return [invalid(field, address, `may not be unspecified (${address})`)]
  }
  const why = specialRange(bytes)
  return why === undefined ? [] : [invalid(field, address, why)]
}

function specialRange(bytes: number[]): string | undefined {
  const [first = 0, second = 0, third = 0] = bytes
  const v4 = bytes.length === 4
  const loopback = v4 ? first === 127 : bytes.every((byte, i) => byte === (i === 15 ? 1 : 0))
  if (loopback) return 'may not be in the loopback range (127.0.0.0/8, ::1/128)'
  const linkLocal = v4 ? first === 169 && second === 254 : first === 0xfe && (second & 0xc0) === 0x80
  if (linkLocal) return 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'
  const multicast = v4
    ? first === 224 && second === 0 && third === 0
    : first === 0xff && (second & 0x0f) === 0x02
  if (multicast) return 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'
  return undefined
}

/** Warnings for an address that is accepted only for old times' sake, or written in an unusual way. */
export function ipWarnings(address: string, field: string): string[] {
  const bytes = parseIP(address)
  if (bytes === undefined) return []
  const why = leadingZero(address)
  if (why !== undefined) {
    return [`${field}: IP address was accepted, but will be invalid in a future Kubernetes release: ${why}`]
  }
  return unusual({ field, what: 'address', text: address, canonical: canonicalIP(address, bytes) })
}

export function cidrWarnings(block: string, field: string): string[] {
  const parsed = parseCIDR(block)
  if (parsed === undefined) return []
  const address = block.slice(0, block.indexOf('/'))
  const why = leadingZero(address)
  if (why !== undefined) {
    const text = `netip.ParsePrefix(${JSON.stringify(block)}): ${why}`
    return [`${field}: IP prefix was accepted, but will be invalid in a future Kubernetes release: ${text}`]
  }
  const canonical = `${canonicalIP(address, parsed.bytes)}/${parsed.prefix}`
  return unusual({ field, what: 'prefix', text: block, canonical })
}

function leadingZero(address: string): string | undefined {
  if (address.includes(':') || !/(^|\.)0[0-9]/.test(address)) return undefined
  return `ParseAddr(${JSON.stringify(address)}): IPv4 field has octet with leading zero`
}

function unusual(of: { field: string; what: string; text: string; canonical: string }): string[] {
  const { field, what, text, canonical } = of
  if (!text.includes(':') || text === canonical) return []
  return [
    `${field}: IPv6 ${what} "${text}" is not in RFC 5952 canonical format ("${canonical}"), which may cause controller apply-loops`,
  ]
}

/** RFC 5952: lower case, no leading zeros, the first longest run of zero groups as `::`. */
function canonicalIP(text: string, bytes: number[]): string {
  if (bytes.length === 4) return text.includes(':') ? `::ffff:${bytes.join('.')}` : bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!)
  const run = longestZeroRun(groups)
  const hex = groups.map((group) => group.toString(16))
  if (run.length < 2) return hex.join(':')
  return `${hex.slice(0, run.start).join(':')}::${hex.slice(run.start + run.length).join(':')}`
}

function longestZeroRun(groups: number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (let i = 0; i <= groups.length; i++) {
    if (i < groups.length && groups[i] === 0) continue
    if (i - start > best.length) best = { start, length: i - start }
    start = i + 1
  }
  return best
}
