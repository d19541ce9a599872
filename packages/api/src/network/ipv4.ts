// IPv4 ranges as numbers.

export interface Ipv4Range {
  first: number
  /** Length of the prefix, 0 to 32. */
  bits: number
}

/** `10.42.0.0/24`, or an address alone. undefined when it is neither; bits below the prefix are cut off. */
export function parseIpv4Range(text: string): Ipv4Range | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text)
  if (match === null) return undefined
  const octets = match.slice(1, 5).map(Number)
  const bits = match[5] === undefined ? 32 : Number(match[5])
  if (octets.some((octet) => octet > 255) || bits > 32) return undefined
  const address = octets.reduce((sum, octet) => sum * 256 + octet, 0)
  const size = 2 ** (32 - bits)
  return { first: Math.floor(address / size) * size, bits }
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}

export function formatRange({ first, bits }: Ipv4Range): string {
  return `${formatIpv4(first)}/${bits}`
}

export function rangesOverlap(a: Ipv4Range, b: Ipv4Range): boolean {
  return a.first < b.first + 2 ** (32 - b.bits) && b.first < a.first + 2 ** (32 - a.bits)
}

/** The same addresses, without ranges that lie in another one; sorted. What is no range of IPv4 is left out. */
export function disjointRanges(ranges: readonly string[]): string[] {
  const parsed = ranges.flatMap((text) => parseIpv4Range(text) ?? [])
  const widerFirst = parsed.sort((a, b) => a.first - b.first || a.bits - b.bits)
  const kept: Ipv4Range[] = []
  for (const range of widerFirst) {
    const last = kept.at(-1)
    if (last === undefined || !rangesOverlap(last, range)) kept.push(range)
  }
  return kept.map(formatRange)
}
