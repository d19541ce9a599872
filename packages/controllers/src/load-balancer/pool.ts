// The pool of addresses for Services of type LoadBalancer, as a person writes it. Pure.

import { formatAddress, parseRangeOf, sizeOf } from '@brume/api/network/ip-range'

export interface Span {
  first: bigint
  last: bigint
}

/** Far more than a LAN has. */
const MAX_ADDRESSES = 65_536

/** `192.168.1.240-192.168.1.250, 192.168.2.0/28`: ranges, or addresses alone. Throws RangeError with a sentence. */
export function parsePool(text: string): Span[] {
  const parts = text.split(/[\s,]+/).filter((part) => part !== '')
  const spans = parts.map(parseSpan)
  const size = spans.reduce((sum, { first, last }) => sum + last - first + 1n, 0n)
  if (size > MAX_ADDRESSES)
    throw new RangeError(`the pool has ${size} addresses, and at most ${MAX_ADDRESSES} are looked at`)
  return spans
}

function parseSpan(part: string): Span {
  const [from = '', to] = part.split('-')
  const [a, b] = [parseRangeOf(4, from), to === undefined ? undefined : parseRangeOf(4, to)]
  if (a === undefined || (to !== undefined && (b === undefined || a.bits !== 32 || b.bits !== 32))) {
    throw new RangeError(`"${part}" is neither FIRST-LAST nor CIDR nor an IPv4 address`)
  }
  const last = b === undefined ? a.first + sizeOf(a) - 1n : b.first
  if (last < a.first) throw new RangeError(`"${part}" ends before it begins`)
  return { first: a.first, last }
}

export function isInPool(pool: readonly Span[], ip: string): boolean {
  const address = parseRangeOf(4, ip)
  return (
    address !== undefined && pool.some(({ first, last }) => address.first >= first && address.first <= last)
  )
}

/** The lowest that nobody has; undefined when all are taken. */
export function freeAddress(pool: readonly Span[], taken: ReadonlySet<string>): string | undefined {
  for (const { first, last } of pool) {
    for (let address = first; address <= last; address++) {
      const ip = formatAddress(4, address)
      if (!taken.has(ip)) return ip
    }
  }
  return undefined
}
