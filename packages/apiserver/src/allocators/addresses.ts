// Addresses of one range, of which each is given once.

import { addressAt, formatRange, type IpRange, parseIpRange, sizeOf } from '@brume/api/network/ip-range'
import { Pool } from './pool.ts'

/** As Kubernetes has them: a range of IPv6 has at most a million addresses. */
const BITS = { 4: { least: 8, most: 30 }, 6: { least: 108, most: 126 } } as const

/** Throws RangeError for a bad CIDR, or one that is too large or too small. */
export function parseServiceRange(text: string): IpRange {
  const range = text.includes('/') ? parseIpRange(text) : undefined
  const { least, most } = BITS[range?.family ?? 4]
  if (range === undefined || range.bits < least || range.bits > most) {
    throw new RangeError(`${text} is not an IPv${range?.family ?? 4} range from /${least} to /${most}`)
  }
  return range
}

export class AddressPool {
  readonly range: IpRange
  readonly #pool: Pool

  constructor(range: IpRange) {
    this.range = range
    // The network's and the broadcast address are nobody's.
    this.#pool = new Pool(1, Number(sizeOf(range)) - 2)
  }

  get text(): string {
    return formatRange(this.range)
  }

  get family(): 'IPv4' | 'IPv6' {
    return this.range.family === 4 ? 'IPv4' : 'IPv6'
  }

  has(address: string): boolean {
    return this.#index(address) !== undefined
  }

  isTaken(address: string): boolean {
    const index = this.#index(address)
    return index !== undefined && this.#pool.isTaken(index)
  }

  /** Nothing happens to an address of another range. */
  take(address: string): void {
    const index = this.#index(address)
    if (index !== undefined) this.#pool.take(index)
  }

  free(address: string): void {
    const index = this.#index(address)
    if (index !== undefined) this.#pool.free(index)
  }

  /** A free address, taken; undefined when all are. */
  allocate(): string | undefined {
    const index = this.#pool.allocate()
    return index === undefined ? undefined : addressAt(this.range, index)
  }

  #index(text: string): number | undefined {
    const parsed = text.includes('/') ? undefined : parseIpRange(text)
    if (parsed === undefined || parsed.family !== this.range.family) return undefined
    const index = parsed.first - this.range.first
    if (index < 0n || index >= sizeOf(this.range)) return undefined
    return this.#pool.has(Number(index)) ? Number(index) : undefined
  }
}
