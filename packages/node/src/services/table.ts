// The nft table of Services as text: maps, sets and hooks; and the chains that draw one of N backends. Pure.

import { ADDRESS_TYPES, type Family } from '../network/family.ts'
import {
  BACKENDS,
  chainName,
  type Draw,
  type Elements,
  kernelElements,
  MAP_NAMES,
  type MapName,
  rememberName,
} from './elements.ts'

const PORTS = 'meta l4proto { tcp, udp, sctp }'
const frontendOf = (family: Family) => `${family} daddr . meta l4proto . th dport`
const NODE_PORT = 'meta l4proto . th dport'
/** What the client asked for, once the packet is on its way to the backend. One rule for each protocol: nft wants to know it. */
const ASKED = 'ct original ip daddr . meta l4proto . ct original proto-dst'
const ASKED_PORT = 'meta l4proto . ct original proto-dst'
const PROTOCOLS = ['tcp', 'udp', 'sctp']
/** Clients of Services with session affinity; further ones get any backend each time. */
const MAX_REMEMBERED = 262_144
/** Unless a Service says another time, which gets a chain of its own. */
export const USUAL_SECONDS = 10_800
const NUMBER = 'numgen inc mod 2'

function typesOf(family: Family): Record<MapName, string> {
  const address = ADDRESS_TYPES[family]
  const frontend = `${address} . inet_proto . inet_service`
  const backend = `${family} daddr . th dport`
  return {
    services: `map services { type ${frontend} : verdict ; }`,
    inside: `map inside { type ${frontend} : verdict ; }`,
    'node-ports': 'map node-ports { type inet_proto . inet_service : verdict ; }',
    backends: `map backends { typeof ${frontendOf(family)} . ${NUMBER} : ${backend} ; }`,
    'inside-backends': `map inside-backends { typeof ${frontendOf(family)} . ${NUMBER} : ${backend} ; }`,
    'node-port-backends': `map node-port-backends { typeof ${NODE_PORT} . ${NUMBER} : ${backend} ; }`,
    refused: `set refused { type ${frontend} ; }`,
    'refused-ports': 'set refused-ports { type inet_proto . inet_service ; }',
    dropped: `set dropped { type ${frontend} ; }`,
    'dropped-ports': 'set dropped-ports { type inet_proto . inet_service ; }',
    hairpins: `set hairpins { type ${address} . ${address} ; }`,
    sticky: `map sticky { type ${frontend} : verdict ; }`,
    'sticky-ports': 'map sticky-ports { type inet_proto . inet_service : verdict ; }',
    limited: `set limited { type ${frontend} ; }`,
    sources: `set sources { type ${frontend} . ${address} ; flags interval ; }`,
  }
}

/** Client of a Service with session affinity -> its backend. Written by the kernel. */
export const REMEMBERED = 'remembered'

export interface TableOptions {
  table: string
  /** Addresses of this node's pods; undefined with a site's own network. */
  podRange: string | undefined
  bridge: string | undefined
  family?: Family
}

/** Bridges of all clouds on this machine (machine/own-names.ts). */
const BRIDGES = 'brume*'

/** Everything but the elements; replaces a table of that name in one transaction. */
export function tableScript({ table, podRange, bridge, family = 'ip' }: TableOptions): string[] {
  const t = `${family} ${table}`
  const FRONTEND = frontendOf(family)
  const types = typesOf(family)
  const loopback = family === 'ip' ? '127.0.0.0/8' : '::1'
  const refuse = [
    `${FRONTEND} @refused goto refuse`,
    `${FRONTEND} @dropped drop`,
    `fib daddr type local ${NODE_PORT} @refused-ports goto refuse`,
    `fib daddr type local ${NODE_PORT} @dropped-ports drop`,
  ]
  const forward = [
    `${FRONTEND} vmap @services`,
    // Not these: what listens on the node's own loopback stays reachable there.
    `${family} daddr != ${loopback} fib daddr type local ${NODE_PORT} vmap @node-ports`,
  ]
  return [
    `add table ${t}`,
    `delete table ${t}`,
    `add table ${t}`,
    ...MAP_NAMES.map((name) => `add ${types[name].replace(' ', ` ${t} `)}`),
    `add chain ${t} refuse`,
    `add rule ${t} refuse meta l4proto tcp reject with tcp reset`,
    `add rule ${t} refuse reject`,
    ...(family === 'ip' ? rememberingChains(table) : []),
    ...chain(t, 'keep-out', undefined, [
      `${PORTS} ${FRONTEND} @limited ${FRONTEND} . ${family} saddr != @sources drop`,
    ]),
    ...chain(t, 'check', undefined, refuse),
    ...chain(t, 'forward', undefined, forward),
    // Theirs alone is another way than the outside's: to pods of every node where that keeps to this one's.
    ...chain(t, 'forward-inside', undefined, [`${FRONTEND} vmap @inside`, 'goto forward']),
    // Before the packet is led to a backend: afterwards nobody knows at which address it asked.
    ...chain(t, 'keep-out-prerouting', 'filter hook prerouting priority -110', [
      'ct state new jump keep-out',
    ]),
    ...chain(t, 'keep-out-output', 'filter hook output priority -110', ['ct state new jump keep-out']),
    ...chain(t, 'check-input', 'filter hook input priority -1', ['ct state new jump check']),
    ...chain(t, 'check-forward', 'filter hook forward priority -1', ['ct state new jump check']),
    ...chain(t, 'check-output', 'filter hook output priority -1', ['ct state new jump check']),
    ...chain(t, 'prerouting', 'nat hook prerouting priority -100', [
      // Pods of another cloud on this machine have Services of their own.
      ...(bridge === undefined ? [] : [`iifname != "${bridge}" iifname "${BRIDGES}" return`]),
      ...(bridge === undefined ? [] : [`iifname "${bridge}" ${PORTS} goto forward-inside`]),
      `${PORTS} jump forward`,
    ]),
    ...chain(t, 'output', 'nat hook output priority -100', [`${PORTS} jump forward-inside`]),
    ...chain(t, 'postrouting', 'nat hook postrouting priority 99', [
      // A backend that reaches itself by its Service would answer itself directly.
      `ct status dnat ${family} saddr . ${family} daddr @hairpins masquerade`,
      // A backend on another node answers this node, which knows what was asked for.
      ...(podRange === undefined
        ? []
        : [`ct status dnat ${family} daddr != ${podRange} ${family} saddr != ${podRange} masquerade`]),
    ]),
  ]
}

/** What keeps a client at the backend that it got. */
function rememberingChains(table: string): string[] {
  const t = `ip ${table}`
  const client = 'ipv4_addr . inet_proto . inet_service . ipv4_addr'
  return [
    `add map ${t} ${REMEMBERED} { type ${client} : ipv4_addr . inet_service ; flags dynamic,timeout ; size ${MAX_REMEMBERED} ; }`,
    ...rememberScript(table, USUAL_SECONDS),
    ...chain(t, 'remember', undefined, [
      ...PROTOCOLS.map((protocol) => `meta l4proto ${protocol} ${ASKED} vmap @sticky`),
      ...PROTOCOLS.map((protocol) => `meta l4proto ${protocol} ${ASKED_PORT} vmap @sticky-ports`),
    ]),
    // Each connection once, when its backend is known: to other machines and pods, and to the node itself.
    ...chain(t, 'remember-forward', 'nat hook postrouting priority 98', ['ct status dnat jump remember']),
    ...chain(t, 'remember-input', 'nat hook input priority 98', ['ct status dnat jump remember']),
  ]
}

/**
 * A chain that draws one of `count` backends; sticky: for a client that none is remembered of. With IPv6 it is a hash of
 * the client's address: nft 1.0.6 writes no more than 16 bytes of key into a map from a rule.
 */
export function drawScript(table: string, draw: Draw, family: Family = 'ip'): string[] {
  const name = `${family} ${table} ${chainName(draw)}`
  const FRONTEND = frontendOf(family)
  const key = draw.at === 'node-ports' ? NODE_PORT : FRONTEND
  const isSticky = draw.draw === 'sticky'
  const number = isSticky && family === 'ip6' ? 'jhash ip6 saddr' : 'numgen random'
  return [
    `add chain ${name}`,
    `flush chain ${name}`,
    ...(isSticky && family === 'ip'
      ? [`add rule ${name} ${PORTS} dnat ip to ${FRONTEND} . ip saddr map @${REMEMBERED}`]
      : []),
    `add rule ${name} ${PORTS} dnat ${family} to ${key} . ${number} mod ${draw.count} map @${BACKENDS[draw.at]}`,
  ]
}

/** A chain that remembers, or goes on to remember, the client's backend. */
export function rememberScript(table: string, seconds: number): string[] {
  const name = `ip ${table} ${rememberName(seconds)}`
  return [
    `add chain ${name}`,
    `flush chain ${name}`,
    ...PROTOCOLS.map(
      (protocol) =>
        `add rule ${name} meta l4proto ${protocol} update @${REMEMBERED} { ${ASKED} . ct original ip saddr timeout ${seconds}s : ip daddr . th dport }`,
    ),
  ]
}

/** What changes `before` into `after`. Keys of both must be those of one owner. */
export function changeScript(
  table: string,
  before: Elements,
  after: Elements,
  family: Family = 'ip',
): string[] {
  const lines: string[] = []
  for (const map of MAP_NAMES) {
    const old = before.get(map) ?? new Map<string, string>()
    const now = after.get(map) ?? new Map<string, string>()
    const gone = [...old].filter(([key, value]) => now.get(key) !== value)
    const come = [...now].filter(([key, value]) => old.get(key) !== value)
    const keys = gone.flatMap(([key, value]) => kernelElements(map, key, value)).map(({ key }) => key)
    const texts = come.flatMap(([key, value]) => kernelElements(map, key, value)).map(({ text }) => text)
    if (keys.length > 0) lines.push(`delete element ${family} ${table} ${map} { ${keys.join(', ')} }`)
    if (texts.length > 0) lines.push(`add element ${family} ${table} ${map} { ${texts.join(', ')} }`)
  }
  return lines
}

function chain(table: string, name: string, hook: string | undefined, rules: readonly string[]): string[] {
  const head = hook === undefined ? '' : ` { type ${hook} ; policy accept ; }`
  return [`add chain ${table} ${name}${head}`, ...rules.map((rule) => `add rule ${table} ${name} ${rule}`)]
}
