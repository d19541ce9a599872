// IPv4 addresses as numbers, for ranges.

export interface Ipv4Range {
  /** CIDR text. */
  text: string
  first: number
  size: number
}

/** undefined for anything but four decimal octets. */
export function parseIpv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (match === null) return undefined
  const octets = match.slice(1).map(Number)
  if (octets.some((octet) => octet > 255)) return undefined
  return octets.reduce((address, octet) => address * 256 + octet, 0)
}

export function formatIpv4(address: number): string {
  return [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255].join('.')
}

/** Throws RangeError for a bad CIDR or one smaller than /30. */
export function parseIpv4Range(text: string): Ipv4Range {
  const [address = '', bits = ''] = text.split('/')
  const value = parseIpv4(address)
  const prefix = Number(bits)
  if (value === undefined || !/^\d+$/.test(bits) || prefix < 8 || prefix > 30) {
    throw new RangeError(`${text} is not an IPv4 range from /8 to /30`)
  }
  const size = 2 ** (32 - prefix)
  return { text, first: Math.floor(value / size) * size, size }
}
