// The pool of addresses for Services of type LoadBalancer, as a person writes it. Pure.

import { formatAddress, type IpRange, parseIpRange, sizeOf } from '@brume/api/network/ip-range'

export interface Span {
  family: Family
  first: bigint
  last: bigint
}

export type Family = IpRange['family']

/** Far more than a LAN has. */
const MAX_ADDRESSES = 65_536

/** `192.168.1.240-192.168.1.250, 2001:db8::f0-2001:db8::ff`: ranges, or addresses alone. Throws RangeError with a sentence. */
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
  const [a, b] = [parseIpRange(from), to === undefined ? undefined : parseIpRange(to)]
  const areAlone = a?.family === b?.family && [a, b].every((one) => one !== undefined && sizeOf(one) === 1n)
  if (a === undefined || (to !== undefined && !areAlone))
    throw new RangeError(`"${part}" is neither FIRST-LAST nor CIDR nor an address`)
  const last = b === undefined ? a.first + sizeOf(a) - 1n : b.first
  if (last < a.first) throw new RangeError(`"${part}" ends before it begins`)
  return { family: a.family, first: a.first, last }
}

export function isInPool(pool: readonly Span[], ip: string): boolean {
  const address = parseIpRange(ip)
  return (
    address !== undefined &&
    pool.some(
      ({ family, first, last }) =>
        family === address.family && address.first >= first && address.first <= last,
    )
  )
}

/** The lowest that nobody has; undefined when all are taken. */
export function freeAddress(
  pool: readonly Span[],
  taken: ReadonlySet<string>,
  wanted: Family,
): string | undefined {
  for (const { family, first, last } of pool) {
    if (family !== wanted) continue
    for (let address = first; address <= last; address++) {
      const ip = formatAddress(family, address)
      if (!taken.has(ip)) return ip
    }
  }
  return undefined
}
