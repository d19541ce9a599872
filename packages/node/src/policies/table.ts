// Filters as an nft table. It is written whole in one transaction: at no moment is a pod more open, or more closed, than
// its policies say. Pure.

import type { Filter, PortMatch, Rule } from '@brume/api/network/policies'
import { ADDRESS_TYPES, type Family } from '../network/family.ts'

/** nft takes no longer ones; names of pods may be. */
const MAX_COMMENT = 128

const NEIGHBOURS = 'nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit'

export interface PolicyTable {
  table: string
  bridge: string
  filters: readonly Filter[]
  family?: Family
}

/** Without any filter: no table. */
export function policyScript({ table, bridge, filters, family = 'ip' }: PolicyTable): string {
  const t = `${family} ${table}`
  const lines = [`add table ${t}`, `delete table ${t}`]
  if (filters.length === 0) return `${lines.join('\n')}\n`
  lines.push(`add table ${t}`)
  const maps = { ingress: [] as string[], egress: [] as string[] }
  for (const filter of filters) {
    const name = chainOf(filter)
    lines.push(`add chain ${t} ${name}`)
    for (const rule of rulesOf(filter, family)) lines.push(`add rule ${t} ${name} ${rule}`)
    maps[filter.direction].push(`${filter.podIp} : jump ${name}`)
  }
  for (const [direction, elements] of Object.entries(maps)) {
    lines.push(`add map ${t} ${direction} { type ${ADDRESS_TYPES[family]} : verdict ; }`)
    if (elements.length > 0) lines.push(`add element ${t} ${direction} { ${elements.join(', ')} }`)
  }
  // With IPv6 a pod asks for Ethernet addresses in packets of its own address; the bridge sees to it that it lies to nobody.
  // No router has passed on what has the largest hop limit: it reaches neighbours alone.
  const neighbours = (chain: string) =>
    family === 'ip' ? [] : [`add rule ${t} ${chain} ip6 hoplimit 255 icmpv6 type { ${NEIGHBOURS} } accept`]
  const known = 'ct state established,related accept'
  lines.push(
    `add chain ${t} forward { type filter hook forward priority 10 ; policy accept ; }`,
    `add rule ${t} forward ${known}`,
    ...neighbours('forward'),
    `add rule ${t} forward ${family} saddr vmap @egress`,
    `add rule ${t} forward ${family} daddr vmap @ingress`,
    // What a pod says to its node. The other way is always open: the node probes its pods.
    `add chain ${t} input { type filter hook input priority 10 ; policy accept ; }`,
    `add rule ${t} input iifname != "${bridge}" accept`,
    `add rule ${t} input ${known}`,
    ...neighbours('input'),
    `add rule ${t} input ${family} saddr vmap @egress`,
  )
  return `${lines.join('\n')}\n`
}

export function chainOf({ direction, podIp }: Pick<Filter, 'direction' | 'podIp'>): string {
  return `${direction}-${podIp.replaceAll(/[.:]/g, '-')}`
}

/** Going back to the caller lets through; the end drops. */
function rulesOf({ podIp, direction, rules, pod }: Filter, family: Family): string[] {
  const peer = `${family} ${direction === 'ingress' ? 'saddr' : 'daddr'}`
  const comment = `comment "${pod.slice(0, MAX_COMMENT)}"`
  return [
    // A pod is never kept from itself.
    `${peer} ${podIp} return`,
    ...new Set(rules.flatMap((rule) => matchesOf(rule, peer).map((match) => `${match} return`.trimStart()))),
    `drop ${comment}`,
  ]
}

function matchesOf({ peers, ports, namedAt }: Rule, peer: string): string[] {
  if (namedAt !== undefined) {
    if (namedAt.length === 0) return []
    const places = namedAt.map(({ ip, protocol, port }) => `${ip} . ${protocol} . ${port}`)
    return [`${peer} . meta l4proto . th dport { ${[...new Set(places)].join(', ')} }`]
  }
  const who = peers === undefined ? [''] : peerMatches(peers, peer)
  const where = ports === undefined ? [''] : portMatches(ports)
  return who.flatMap((one) => where.map((other) => `${one} ${other}`.trim()))
}

function peerMatches({ addresses, blocks }: NonNullable<Rule['peers']>, peer: string): string[] {
  const whole = blocks.filter(({ except }) => except.length === 0).map(({ cidr }) => cidr)
  const simple = [...addresses, ...whole]
  const cut = blocks.filter(({ except }) => except.length > 0)
  return [
    ...(simple.length === 0 ? [] : [`${peer} { ${[...new Set(simple)].join(', ')} }`]),
    ...cut.map(({ cidr, except }) => `${peer} ${cidr} ${peer} != { ${except.join(', ')} }`),
  ]
}

function portMatches(ports: readonly PortMatch[]): string[] {
  const whole = new Set(ports.filter(({ from }) => from === undefined).map(({ protocol }) => protocol))
  const texts = merged(ports.filter(({ protocol }) => !whole.has(protocol))).map(
    ({ protocol, from, to }) => `${protocol} . ${from === to ? from : `${from}-${to}`}`,
  )
  return [
    ...(whole.size > 0 ? [`meta l4proto { ${[...whole].join(', ')} }`] : []),
    ...(texts.length > 0 ? [`meta l4proto . th dport { ${texts.join(', ')} }`] : []),
  ]
}

/** A set of nft takes no range that meets another one. */
function merged(ports: readonly PortMatch[]): Required<PortMatch>[] {
  const sorted = ports
    .map(({ protocol, from = 0, to = from }) => ({ protocol, from, to }))
    .sort((a, b) => (a.protocol < b.protocol ? -1 : a.protocol > b.protocol ? 1 : a.from - b.from))
  const ranges: Required<PortMatch>[] = []
  for (const range of sorted) {
    const last = ranges.at(-1)
    if (last?.protocol === range.protocol && range.from <= last.to) last.to = Math.max(last.to, range.to)
    else ranges.push(range)
  }
  return ranges
}
