// The node's rules as an nft script: pods reach the outside under the node's address, and host ports reach pods. One
// table of our own; the rules of others are not touched. Pure.

import { isIP } from 'node:net'
import { addressAt, parseRangeOf } from '@brume/api/network/ip-range'
import { ADDRESS_TYPES, type Family, NUMBERS } from './family.ts'

const EVERYWHERE: ReadonlySet<string> = new Set(['', '0.0.0.0', '::'])

export interface HostPort {
  protocol: 'TCP' | 'UDP' | 'SCTP'
  hostPort: number
  /** One address of the machine; absent: all of them. */
  hostIp?: string | undefined
  podIp: string
  containerPort: number
}

export interface NodeRules extends FamilyRules {
  table: string
  bridge: string
  /** Absent: pods have IPv4 alone. */
  ipv6?: FamilyRules | undefined
}

export interface FamilyRules {
  range: string
  /** Of all nodes. */
  cloudRange?: string | undefined
  /** Of Services, where the kernel shows bridged packets to these rules too: then answers find their way back alone. */
  tracedServices?: string | undefined
}

/** Idempotent: chains are written anew in one transaction, host ports stay as they are. */
export function nodeRules({ table, bridge, ipv6, ...ipv4 }: NodeRules): string {
  const guard = [
    // route_localnet is on for the bridge (host ports at 127.0.0.1): pods must not reach the node's own loopback by it.
    `iifname "${bridge}" ip daddr 127.0.0.0/8 drop`,
    // Nobody else's address: answers would go to others, and what filters pods knows them by their own.
    `iifname "${bridge}" ip saddr != ${ipv4.range} drop`,
  ]
  const loopback = [`ip saddr 127.0.0.0/8 oifname "${bridge}" masquerade`]
  return [
    ...(ipv6 === undefined
      ? noIpv6(table, bridge)
      : familyRules('ip6', { table, bridge, ...ipv6 }, { guard: guard6(bridge, ipv6.range), loopback: [] })),
    ...familyRules('ip', { table, bridge, ...ipv4 }, { guard, loopback }),
    '',
  ].join('\n')
}

/**
 * Pods have addresses of IPv4 alone, and so have all filters. Without this they would reach each other and the node by the
 * addresses of IPv6 that the kernel gives to every interface, past all network policies.
 */
function noIpv6(table: string, bridge: string): string[] {
  const t = `ip6 ${table}`
  return [
    `add table ${t}`,
    ...chain(t, 'guard', 'filter hook prerouting priority -300', [`iifname "${bridge}" drop`]),
  ]
}

/** What the kernel gives to every interface is for neighbours to find each other, and past all filters: for nothing else. */
function guard6(bridge: string, range: string): string[] {
  return [
    // With the hop limit that nothing has which a router passed on (RFC 4861).
    `iifname "${bridge}" ip6 hoplimit 255 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } return`,
    `iifname "${bridge}" ip6 saddr != ${range} drop`,
    `iifname "${bridge}" ip6 daddr { fe80::/10, ff00::/8 } drop`,
  ]
}

function familyRules(
  family: Family,
  of: { table: string; bridge: string } & FamilyRules,
  { guard, loopback }: { guard: readonly string[]; loopback: readonly string[] },
): string[] {
  const { table, bridge, range, cloudRange = range, tracedServices } = of
  const t = `${family} ${table}`
  const address = ADDRESS_TYPES[family]
  const multicast = family === 'ip' ? '224.0.0.0/4' : 'ff00::/8'
  const place = `${address} . inet_service`
  return [
    `add table ${t}`,
    `add map ${t} ports { type inet_proto . inet_service : ${place} ; }`,
    `add map ${t} address-ports { type ${address} . inet_proto . inet_service : ${place} ; }`,
    ...chain(t, 'guard', 'filter hook prerouting priority -300', guard),
    ...chain(t, 'prerouting', 'nat hook prerouting priority -100', toPods(family)),
    ...chain(t, 'output', 'nat hook output priority -100', toPods(family)),
    ...chain(t, 'postrouting', 'nat hook postrouting priority 100', [
      `${family} saddr ${range} ${family} daddr ${multicast} return`,
      ...(tracedServices === undefined
        ? []
        : [
            `${family} saddr ${range} ${family} daddr ${range} ct status dnat ct original ${family} daddr ${tracedServices} return`,
          ]),
      // A pod that reaches itself or a neighbour over a host port: the answer must come back through the node.
      `${family} saddr ${range} ${family} daddr ${range} ct status dnat masquerade`,
      `${family} saddr ${range} ${family} daddr ${cloudRange} return`,
      `${family} saddr ${range} oifname != "${bridge}" masquerade fully-random`,
      ...loopback,
    ]),
  ]
}

/** Replaces all host ports of a family in one transaction. The last of two that want the same one has it. */
export function hostPortRules(table: string, ports: readonly HostPort[], family: Family = 'ip'): string {
  const number = NUMBERS[family]
  const maps = { ports: new Map<string, string>(), 'address-ports': new Map<string, string>() }
  for (const { hostIp, protocol, hostPort, podIp, containerPort } of ports) {
    const address = hostIp === undefined || EVERYWHERE.has(hostIp) ? '' : addressText(hostIp, number)
    // It can lead to no address of the other family; nft would refuse it, and with it all others.
    if (address === undefined || isIP(podIp) !== number) continue
    const everywhere = address === ''
    const port = `${protocol.toLowerCase()} . ${hostPort}`
    const key = everywhere ? port : `${address} . ${port}`
    maps[everywhere ? 'ports' : 'address-ports'].set(key, `${key} : ${podIp} . ${containerPort}`)
  }
  return Object.entries(maps)
    .map(([map, elements]) => replaced(`${family} ${table} ${map}`, [...elements.values()]))
    .join('')
}

/** The API also takes 010.0.0.1, which nft reads as another address. */
function addressText(address: string, family: 4 | 6): string | undefined {
  const range = parseRangeOf(family, address)
  return range === undefined ? undefined : addressAt(range, 0)
}

function replaced(map: string, elements: readonly string[]): string {
  const flush = `flush map ${map}\n`
  return elements.length === 0 ? flush : `${flush}add element ${map} { ${elements.join(', ')} }\n`
}

/** The table beside it that holds the rules of Services. */
export function servicesTable(table: string): string {
  return `${table}-services`
}

/** The table that holds the filters of network policies. */
export function policiesTable(table: string): string {
  return `${table}-policies`
}

/** Also when there is no such table. */
export function removalRules(table: string, family: Family = 'ip'): string {
  return `add table ${family} ${table}\ndelete table ${family} ${table}\n`
}

function chain(table: string, name: string, hook: string, rules: readonly string[]): string[] {
  const head = `${table} ${name}`
  return [
    `add chain ${head} { type ${hook} ; policy accept ; }`,
    `flush chain ${head}`,
    ...rules.map((rule) => `add rule ${head} ${rule}`),
  ]
}

/** A port of one address wins over a port of all. */
function toPods(family: Family): string[] {
  return [
    `fib daddr type local dnat ${family} to ${family} daddr . meta l4proto . th dport map @address-ports`,
    `fib daddr type local dnat ${family} to meta l4proto . th dport map @ports`,
  ]
}

/** Of what this node answers for on the LAN. */
export function announceTable(table: string): string {
  return `${table}-announce`
}
