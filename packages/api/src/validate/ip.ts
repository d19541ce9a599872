// IP addresses and CIDR blocks as text. Leading zeros in IPv4 octets are accepted (read as decimal), as Kubernetes
// 1.32 still does for stored data.

export const IP_MESSAGE = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
export const CIDR_MESSAGE = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'

export function isIP(text: string): string[] {
  return parseIP(text) === undefined ? [IP_MESSAGE] : []
}

export function isIPv4(text: string): string[] {
  return ipFamily(text) === 4 ? [] : ['must be a valid IPv4 address']
}

export function isIPv6(text: string): string[] {
  return ipFamily(text) === 6 ? [] : ['must be a valid IPv6 address']
}

export function isCIDR(text: string): string[] {
  return parseCIDR(text) === undefined ? [CIDR_MESSAGE] : []
}

/** 4 or 6; an IPv4-mapped IPv6 address counts as 4; undefined for what is no address. */
export function ipFamily(text: string): 4 | 6 | undefined {
  const bytes = parseIP(text)
  if (bytes === undefined) return undefined
  return bytes.length === 4 ? 4 : 6
}

/** 4 bytes (also for IPv4-mapped IPv6) or 16 bytes. No zone. */
export function parseIP(text: string): number[] | undefined {
  if (text.length > 45) return undefined
  if (!text.includes(':')) return parseIPv4(text)
  const bytes = parseIPv6(text)
  if (bytes === undefined) return undefined
  const mapped = bytes.slice(0, 10).every((b) => b === 0) && bytes[10] === 0xff && bytes[11] === 0xff
  return mapped ? bytes.slice(12) : bytes
}

/** Address bytes and prefix length. */
export function parseCIDR(text: string): { bytes: number[]; prefix: number } | undefined {
  const slash = text.indexOf('/')
  if (slash < 0) return undefined
  const address = text.slice(0, slash)
  const length = text.slice(slash + 1)
  const bytes = address.includes(':') ? parseIPv6(address) : parseIPv4(address)
  if (bytes === undefined || !/^[0-9]{1,3}$/.test(length)) return undefined
  const prefix = Number(length)
  return prefix <= bytes.length * 8 ? { bytes, prefix } : undefined
}

function parseIPv4(text: string): number[] | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  const bytes: number[] = []
  for (const part of parts) {
    if (!/^[0-9]{1,3}$/.test(part) || Number(part) > 255) return undefined
    bytes.push(Number(part))
  }
  return bytes
}

function parseIPv6(text: string): number[] | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = groups(halves[0]!, halves.length === 1)
  const tail = halves.length === 2 ? groups(halves[1]!, true) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 16 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined
  return [...head, ...new Array<number>(missing).fill(0), ...tail]
}

/** Bytes of colon-separated groups; the last one may be dotted IPv4 where `last`. */
function groups(text: string, last: boolean): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    if (last && i === parts.length - 1 && part.includes('.')) {
      const v4 = parseIPv4(part)
      if (v4 === undefined) return undefined
      bytes.push(...v4)
      continue
    }
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined
    const value = Number.parseInt(part, 16)
    bytes.push(value >> 8, value & 255)
  }
  return bytes
}
