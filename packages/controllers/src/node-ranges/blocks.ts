// Blocks of a range of addresses. Pure.

import { formatRange, type IpRange, parseIpRange, rangesOverlap, sizeOf } from '@brume/api/network/ip-range'

/** Addresses of a node's pods: 254, more than its 110 pods; of IPv6 what one network has (RFC 4291, section 2.5.4). */
const BLOCK_BITS = { 4: 24, 6: 64 } as const

/** The lowest block of `range` that none of `taken` overlaps; undefined when all are taken. Throws RangeError. */
export function freeBlock(range: string, taken: readonly string[]): string | undefined {
  const whole = parse(range)
  if (whole === undefined) throw new RangeError(`${range} is no range of addresses`)
  const bits = Math.max(BLOCK_BITS[whole.family], whole.bits)
  // Another family, or nothing of ours, takes nothing.
  const used = taken.flatMap((text) => parse(text) ?? [])
  const end = whole.first + sizeOf(whole)
  const step = sizeOf({ ...whole, bits })
  for (let first = whole.first; first < end; first += step) {
    const block = { ...whole, first, bits }
    if (!used.some((one) => rangesOverlap(one, block))) return formatRange(block)
  }
  return undefined
}

/** undefined for what is no range, an address alone included. */
function parse(text: string): IpRange | undefined {
  return text.includes('/') ? parseIpRange(text) : undefined
}
