// Blocks of a range of IPv4 addresses. Pure.

import { formatRange, type Ipv4Range, parseIpv4Range, rangesOverlap } from '@brume/api/network/ipv4'

/** Addresses of a node's pods: 254, more than its 110 pods. */
const BLOCK_BITS = 24

/** The lowest block of `range` that none of `taken` overlaps; undefined when all are taken. Throws RangeError. */
export function freeBlock(range: string, taken: readonly string[]): string | undefined {
  const whole = parse(range)
  if (whole === undefined) throw new RangeError(`${range} is no range of IPv4 addresses`)
  const bits = Math.max(BLOCK_BITS, whole.bits)
  // Another family, or nothing of ours, takes nothing.
  const used = taken.flatMap((text) => parse(text) ?? [])
  const end = whole.first + 2 ** (32 - whole.bits)
  for (let first = whole.first; first < end; first += 2 ** (32 - bits)) {
    const block = { first, bits }
    if (!used.some((one) => rangesOverlap(one, block))) return formatRange(block)
  }
  return undefined
}

/** undefined for what is no range, an address alone included. */
function parse(text: string): Ipv4Range | undefined {
  return text.includes('/') ? parseIpv4Range(text) : undefined
}
