// Ranges of addresses of both families as numbers.

export interface IpRange {
  family: 4 | 6
  first: bigint
  /** Length of the prefix: 0 to 32, or to 128. */
  bits: number
}

const WIDTH = { 4: 32, 6: 128 } as const

/** `10.42.0.0/24`, `fd00::/64`, or an address alone. undefined when it is neither; bits below the prefix are cut off. */
export function parseIpRange(text: string): IpRange | undefined {
  const [address = '', length, more] = text.split('/')
  const family = address.includes(':') ? 6 : 4
  const value = family === 6 ? parseIpv6(address) : parseIpv4(address)
  if (value === undefined || more !== undefined || (length !== undefined && !/^\d{1,3}$/.test(length)))
    return undefined
  const bits = length === undefined ? WIDTH[family] : Number(length)
  if (bits > WIDTH[family]) return undefined
  const below = BigInt(WIDTH[family] - bits)
  return { family, first: (value >> below) << below, bits }
}

/** As parseIpRange, of that family alone. */
export function parseRangeOf(family: 4 | 6, text: string): IpRange | undefined {
  const range = parseIpRange(text)
  return range?.family === family ? range : undefined
}

/** IPv6 as RFC 5952 wants it. */
export function formatAddress(family: 4 | 6, address: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 255n).join('.')
  const groups = [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((shift) => (address >> shift) & 0xffffn)
  const hole = longestZeros(groups)
  const text = (part: readonly bigint[]) => part.map((group) => group.toString(16)).join(':')
  if (hole.length < 2) return text(groups)
  return `${text(groups.slice(0, hole.start))}::${text(groups.slice(hole.start + hole.length))}`
}

export function formatRange({ family, first, bits }: IpRange): string {
  return `${formatAddress(family, first)}/${bits}`
}

/** The address that comes so many after the first. */
export function addressAt({ family, first }: IpRange, index: number): string {
  return formatAddress(family, first + BigInt(index))
}

export function sizeOf({ family, bits }: IpRange): bigint {
  return 1n << BigInt(WIDTH[family] - bits)
}

export function rangesOverlap(a: IpRange, b: IpRange): boolean {
  return a.family === b.family && a.first < b.first + sizeOf(b) && b.first < a.first + sizeOf(a)
}

/** The same addresses, without ranges that lie in another one; sorted. What is no range of the family is left out. */
export function disjointRanges(family: 4 | 6, ranges: readonly string[]): string[] {
  const parsed = ranges.flatMap((text) => parseRangeOf(family, text) ?? [])
  const widerFirst = parsed.sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : a.bits - b.bits))
  const kept: IpRange[] = []
  for (const range of widerFirst) {
    const last = kept.at(-1)
    if (last === undefined || !rangesOverlap(last, range)) kept.push(range)
  }
  return kept.map(formatRange)
}

/** Also 010.0.0.1, as the API takes it. */
function parseIpv4(text: string): bigint | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (match === null) return undefined
  const octets = match.slice(1).map(Number)
  if (octets.some((octet) => octet > 255)) return undefined
  return BigInt(octets.reduce((sum, octet) => sum * 256 + octet, 0))
}

function parseIpv6(text: string): bigint | undefined {
  // The last two groups may be written as an address of IPv4.
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  if (dotted !== null) {
    const low = parseIpv4(dotted[2]!)
    if (low === undefined) return undefined
    return parseIpv6(`${dotted[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`)
  }
  const [head = '', tail, more] = text.split('::')
  if (more !== undefined) return undefined
  const groupsOf = (part: string) => (part === '' ? [] : part.split(':'))
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')]
  const missing = 8 - before.length - after.length
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined
  const groups = [...before, ...Array.from({ length: missing }, () => '0'), ...after]
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined
  return BigInt(`0x${groups.map((group) => group.padStart(4, '0')).join('')}`)
}

function longestZeros(groups: readonly bigint[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (const [i, group] of groups.entries()) {
    if (group !== 0n) start = i + 1
    else if (i + 1 - start > best.length) best = { start, length: i + 1 - start }
  }
  return best
}
