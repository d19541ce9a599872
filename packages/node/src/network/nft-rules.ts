// The node's rules as an nft script: pods reach the outside under the node's address, and host ports reach pods. One
// table of our own; the rules of others are not touched. Pure.

import { addressAt, parseRangeOf } from '@brume/api/network/ip-range'

const EVERYWHERE: ReadonlySet<string> = new Set(['', '0.0.0.0', '::'])

export interface HostPort {
  protocol: 'TCP' | 'UDP' | 'SCTP'
  hostPort: number
  /** One address of the machine; absent: all of them. */
  hostIp?: string | undefined
  podIp: string
  containerPort: number
}

export interface NodeRules {
  table: string
  bridge: string
  range: string
  /** Of all nodes. */
  cloudRange?: string | undefined
  /** Of Services, where the kernel shows bridged packets to these rules too: then answers find their way back alone. */
  tracedServices?: string | undefined
}

/** Idempotent: chains are written anew in one transaction, host ports stay as they are. */
export function nodeRules({ table, bridge, range, cloudRange = range, tracedServices }: NodeRules): string {
  const inTable = `ip ${table}`
  return [
    // Pods have addresses of IPv4 alone, and so have all filters. Without this they would reach each other and the node by
    // the addresses of IPv6 that the kernel gives to every interface, past all network policies.
    `add table ip6 ${table}`,
    ...chain(`ip6 ${table}`, 'guard', 'filter hook prerouting priority -300', [`iifname "${bridge}" drop`]),
    `add table ${inTable}`,
    `add map ${inTable} ports { type inet_proto . inet_service : ipv4_addr . inet_service ; }`,
    `add map ${inTable} address-ports { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service ; }`,
    ...chain(inTable, 'guard', 'filter hook prerouting priority -300', [
      // route_localnet is on for the bridge (host ports at 127.0.0.1): pods must not reach the node's own loopback by it.
      `iifname "${bridge}" ip daddr 127.0.0.0/8 drop`,
      // Nobody else's address: answers would go to others, and what filters pods knows them by their own.
      `iifname "${bridge}" ip saddr != ${range} drop`,
    ]),
    ...chain(inTable, 'prerouting', 'nat hook prerouting priority -100', toPods()),
    ...chain(inTable, 'output', 'nat hook output priority -100', toPods()),
    ...chain(inTable, 'postrouting', 'nat hook postrouting priority 100', [
      `ip saddr ${range} ip daddr 224.0.0.0/4 return`,
      ...(tracedServices === undefined
        ? []
        : [
            `ip saddr ${range} ip daddr ${range} ct status dnat ct original ip daddr ${tracedServices} return`,
          ]),
      // A pod that reaches itself or a neighbour over a host port: the answer must come back through the node.
      `ip saddr ${range} ip daddr ${range} ct status dnat masquerade`,
      `ip saddr ${range} ip daddr ${cloudRange} return`,
      `ip saddr ${range} oifname != "${bridge}" masquerade fully-random`,
      `ip saddr 127.0.0.0/8 oifname "${bridge}" masquerade`,
    ]),
    '',
  ].join('\n')
}

/** Replaces all host ports in one transaction. The last of two that want the same one has it. */
export function hostPortRules(table: string, ports: readonly HostPort[]): string {
  const maps = { ports: new Map<string, string>(), 'address-ports': new Map<string, string>() }
  for (const { hostIp, protocol, hostPort, podIp, containerPort } of ports) {
    const address = hostIp === undefined || EVERYWHERE.has(hostIp) ? '' : ipv4Text(hostIp)
    // Pods have no addresses of IPv6 that it could lead to; nft would refuse it, and with it all others.
    if (address === undefined) continue
    const everywhere = address === ''
    const port = `${protocol.toLowerCase()} . ${hostPort}`
    const key = everywhere ? port : `${address} . ${port}`
    maps[everywhere ? 'ports' : 'address-ports'].set(key, `${key} : ${podIp} . ${containerPort}`)
  }
  return Object.entries(maps)
    .map(([map, elements]) => replaced(`ip ${table} ${map}`, [...elements.values()]))
    .join('')
}

/** The API also takes 010.0.0.1, which nft reads as another address. */
function ipv4Text(address: string): string | undefined {
  const range = parseRangeOf(4, address)
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
export function removalRules(table: string, family: 'ip' | 'ip6' = 'ip'): string {
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
function toPods(): string[] {
  return [
    'fib daddr type local dnat ip to ip daddr . meta l4proto . th dport map @address-ports',
    'fib daddr type local dnat ip to meta l4proto . th dport map @ports',
  ]
}

/** Of what this node answers for on the LAN. */
export function announceTable(table: string): string {
  return `${table}-announce`
}
