// The nft table of Services as text: maps, sets and hooks; and the chains that draw one of N backends. Pure.

import { chainName, type Draw, type Elements, MAP_NAMES, type MapName } from './elements.ts'

const PORTS = 'meta l4proto { tcp, udp, sctp }'
const FRONTEND = 'ip daddr . meta l4proto . th dport'
const NODE_PORT = 'meta l4proto . th dport'
const NUMBER = 'numgen inc mod 2'

const TYPES: Record<MapName, string> = {
  services: `map services { type ipv4_addr . inet_proto . inet_service : verdict ; }`,
  'node-ports': `map node-ports { type inet_proto . inet_service : verdict ; }`,
  backends: `map backends { typeof ${FRONTEND} . ${NUMBER} : ip daddr . th dport ; }`,
  'node-port-backends': `map node-port-backends { typeof ${NODE_PORT} . ${NUMBER} : ip daddr . th dport ; }`,
  refused: `set refused { type ipv4_addr . inet_proto . inet_service ; }`,
  'refused-ports': `set refused-ports { type inet_proto . inet_service ; }`,
  dropped: `set dropped { type ipv4_addr . inet_proto . inet_service ; }`,
  'dropped-ports': `set dropped-ports { type inet_proto . inet_service ; }`,
  hairpins: `set hairpins { type ipv4_addr . ipv4_addr ; }`,
}

export interface TableOptions {
  table: string
  /** Addresses of this node's pods; undefined with a site's own network. */
  podRange: string | undefined
  bridge: string | undefined
}

/** Bridges of all clouds on this machine (machine/own-names.ts). */
const BRIDGES = 'brume*'

/** Everything but the elements; replaces a table of that name in one transaction. */
export function tableScript({ table, podRange, bridge }: TableOptions): string[] {
  const t = `ip ${table}`
  const refuse = [
    `${FRONTEND} @refused goto refuse`,
    `${FRONTEND} @dropped drop`,
    `fib daddr type local ${NODE_PORT} @refused-ports goto refuse`,
    `fib daddr type local ${NODE_PORT} @dropped-ports drop`,
  ]
  const forward = [
    `${FRONTEND} vmap @services`,
    // Not 127.0.0.0/8: what listens on the node's own loopback stays reachable there.
    `ip daddr != 127.0.0.0/8 fib daddr type local ${NODE_PORT} vmap @node-ports`,
  ]
  return [
    `add table ${t}`,
    `delete table ${t}`,
    `add table ${t}`,
    ...MAP_NAMES.map((name) => `add ${TYPES[name].replace(' ', ` ${t} `)}`),
    `add chain ${t} refuse`,
    `add rule ${t} refuse meta l4proto tcp reject with tcp reset`,
    `add rule ${t} refuse reject`,
    ...chain(t, 'check', undefined, refuse),
    ...chain(t, 'forward', undefined, forward),
    ...chain(t, 'check-input', 'filter hook input priority -1', ['ct state new jump check']),
    ...chain(t, 'check-forward', 'filter hook forward priority -1', ['ct state new jump check']),
    ...chain(t, 'check-output', 'filter hook output priority -1', ['ct state new jump check']),
    ...chain(t, 'prerouting', 'nat hook prerouting priority -100', [
      // Pods of another cloud on this machine have Services of their own.
      ...(bridge === undefined ? [] : [`iifname != "${bridge}" iifname "${BRIDGES}" return`]),
      `${PORTS} jump forward`,
    ]),
    ...chain(t, 'output', 'nat hook output priority -100', [`${PORTS} jump forward`]),
    ...chain(t, 'postrouting', 'nat hook postrouting priority 99', [
      // A backend that reaches itself by its Service would answer itself directly.
      'ct status dnat ip saddr . ip daddr @hairpins masquerade',
      // A backend on another node answers this node, which knows what was asked for.
      ...(podRange === undefined
        ? []
        : [`ct status dnat ip daddr != ${podRange} ip saddr != ${podRange} masquerade`]),
    ]),
  ]
}

/** A chain that draws one of `count` backends. */
export function drawScript(table: string, draw: Draw): string[] {
  const name = chainName(draw)
  const number = `${draw.draw === 'sticky' ? 'jhash ip saddr' : 'numgen random'} mod ${draw.count}`
  const [key, map] = draw.nodePort ? [NODE_PORT, 'node-port-backends'] : [FRONTEND, 'backends']
  return [
    `add chain ip ${table} ${name}`,
    `flush chain ip ${table} ${name}`,
    `add rule ip ${table} ${name} ${PORTS} dnat ip to ${key} . ${number} map @${map}`,
  ]
}

/** What changes `before` into `after`. Keys of both must be those of one owner. */
export function changeScript(table: string, before: Elements, after: Elements): string[] {
  const lines: string[] = []
  for (const map of MAP_NAMES) {
    const old = before.get(map) ?? new Map<string, string>()
    const now = after.get(map) ?? new Map<string, string>()
    const gone = [...old].filter(([key, value]) => now.get(key) !== value).map(([key]) => key)
    const come = [...now].filter(([key, value]) => old.get(key) !== value)
    if (gone.length > 0) lines.push(`delete element ip ${table} ${map} { ${gone.join(', ')} }`)
    if (come.length > 0) {
      const texts = come.map(([key, value]) => (value === '' ? key : `${key} : ${value}`))
      lines.push(`add element ip ${table} ${map} { ${texts.join(', ')} }`)
    }
  }
  return lines
}

function chain(table: string, name: string, hook: string | undefined, rules: readonly string[]): string[] {
  const head = hook === undefined ? '' : ` { type ${hook} ; policy accept ; }`
  return [`add chain ${table} ${name}${head}`, ...rules.map((rule) => `add rule ${table} ${name} ${rule}`)]
}
