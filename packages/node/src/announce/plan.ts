// Commands and rules that make a card answer for some addresses and for no others of ours. Pure.

import { isIPv6 } from 'node:net'
import { ADDRESS_TYPES, type Family } from '../network/family.ts'

/** As iproute2 writes them as JSON. */
export interface CardAddress {
  local: string
  prefixlen: number
  /** IPv4. */
  label?: string
  /** IPv6: it is not used to speak under. */
  deprecated?: boolean
  /** IPv6: nobody has said yet that it is theirs; somebody has. */
  tentative?: boolean
  dadfailed?: boolean
}

/** Of the addresses, in the table; it outlives the agent. */
export const ANNOUNCED_SET = 'announced'
/** By this part of its label an address of IPv4 is known to be a cloud's. */
const LABEL = 'lb'

export interface CardState {
  card: string
  family: Family
  /** What the card has, of ours and of others. */
  addresses: readonly CardAddress[]
  /** What was told to the kernel before, by this agent or one before it. */
  told: readonly string[]
}

/** Before the rules: addresses that are no longer ours, or another machine's. What a person gave the card is left alone. */
export function leaveCommands(
  { card, addresses, told }: Pick<CardState, 'card' | 'addresses' | 'told'>,
  wanted: readonly string[],
): string[][] {
  return addresses
    .filter((address) => isOurs(address, card) && told.includes(address.local))
    .filter(({ local, dadfailed }) => dadfailed === true || !wanted.includes(local))
    .map(({ local }) => leaveCommand(card, local))
}

export function leaveCommand(card: string, ip: string): string[] {
  return ['ip', 'address', 'del', `${ip}/${isIPv6(ip) ? 128 : 32}`, 'dev', card]
}

/** A label, which IPv6 does not have; there it is that nothing speaks under the address. */
function isOurs({ local, prefixlen, label, deprecated }: CardAddress, card: string): boolean {
  return isIPv6(local)
    ? prefixlen === 128 && deprecated === true
    : prefixlen === 32 && label === `${card}:${LABEL}`
}

/** Those that the card does not have yet. */
export function freshAddresses({ addresses }: CardState, wanted: readonly string[]): string[] {
  return wanted.filter((ip) => !addresses.some(({ local, dadfailed }) => local === ip && dadfailed !== true))
}

export function takeCommand(card: string, ip: string): string[] {
  const [length, more] = isIPv6(ip)
    ? [128, ['valid_lft', 'forever', 'preferred_lft', '0']]
    : [32, ['label', `${card}:${LABEL}`]]
  return ['ip', 'address', 'add', `${ip}/${length}`, 'dev', card, ...more, 'noprefixroute']
}

export function ofFamily(family: Family, addresses: readonly string[]): string[] {
  return addresses.filter((ip) => isIPv6(ip) === (family === 'ip6'))
}

/** What is led to a pod no longer has the address when it comes here. */
export function tableLines(table: string, addresses: readonly string[], family: Family): string[] {
  const t = `${family} ${table}`
  const clean = [`add table ${t}`, `delete table ${t}`]
  if (addresses.length === 0) return clean
  const answered =
    family === 'ip'
      ? 'icmp type echo-request'
      : 'icmpv6 type { echo-request, nd-neighbor-solicit, nd-neighbor-advert }'
  return [
    ...clean,
    `add table ${t}`,
    `add set ${t} ${ANNOUNCED_SET} { type ${ADDRESS_TYPES[family]} ; elements = { ${addresses.join(', ')} } ; }`,
    `add chain ${t} input { type filter hook input priority 5 ; policy accept ; }`,
    `add rule ${t} input iifname "lo" accept`,
    `add rule ${t} input ${family} daddr @announced ${answered} accept`,
    `add rule ${t} input ${family} daddr @announced reject`,
  ]
}
