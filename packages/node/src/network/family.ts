// The two families of addresses, under the names that nft has for them.

export type Family = 'ip' | 'ip6'

/** As iproute2 and the API's ranges number them. */
export const NUMBERS = { ip: 4, ip6: 6 } as const satisfies Record<Family, 4 | 6>

/** nft's type of one address. */
export const ADDRESS_TYPES = { ip: 'ipv4_addr', ip6: 'ipv6_addr' } as const satisfies Record<Family, string>

/** Those that pods have addresses of. */
export function familiesOf(hasIpv6: boolean): Family[] {
  return hasIpv6 ? ['ip', 'ip6'] : ['ip']
}
