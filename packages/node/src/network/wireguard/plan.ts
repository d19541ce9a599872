// What a node needs to know of the others to reach their pods through encrypted tunnels: for each a key, where it
// listens, and which addresses are its own: packets from others with these are dropped by the kernel. Pure.

import { WIREGUARD_KEY, WIREGUARD_PORT } from '@brume/api/network'
import type { KubeObject } from '@brume/api/object'
import { nodeIpOf, podRangesOf } from '../overlay-plan.ts'

export interface WireguardPeer {
  key: string
  /** `192.0.2.7:51820` */
  endpoint: string
  /** Of its pods, sorted. Its own end of the tunnel is the first address of them. */
  ranges: readonly string[]
}

export interface WireguardState {
  peers: readonly WireguardPeer[]
  /** Ranges that lead into the tunnel now. */
  routes: readonly string[]
}

/** Source: wg(8): 32 bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/

/** undefined: the node has no end of an encrypted tunnel. */
export function wireguardOf({ metadata }: KubeObject): { key: string; port: number } | undefined {
  const { [WIREGUARD_KEY]: key = '', [WIREGUARD_PORT]: text = '' } = metadata.annotations ?? {}
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return KEY.test(key) && port > 0 && port <= 65_535 ? { key, port } : undefined
}

/** Of two nodes that show the same key the first by name has it: one of them is not what it says. */
export function wireguardPeersOf(nodes: readonly KubeObject[], ownName: string): WireguardPeer[] {
  const peers = new Map<string, WireguardPeer>()
  const sorted = nodes.toSorted((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
  for (const node of sorted) {
    if (node.metadata.name === ownName) continue
    const [told, ranges, ip] = [wireguardOf(node), podRangesOf(node).toSorted(), nodeIpOf(node)]
    if (told === undefined || ranges.length === 0 || ip === undefined || peers.has(told.key)) continue
    const host = ip.includes(':') ? `[${ip}]` : ip
    peers.set(told.key, { key: told.key, endpoint: `${host}:${told.port}`, ranges })
  }
  return [...peers.values()]
}

/** Commands that make `dev` know these peers and no others. `end`: this node's own end, the source of its own packets. */
export function wireguardCommands(
  dev: string,
  { known, peers, end }: { known: WireguardState; peers: readonly WireguardPeer[]; end: string },
): string[][] {
  const commands: string[][] = []
  const wanted = new Map(peers.map((peer) => [peer.key, peer]))
  const ranges = new Set(peers.flatMap((peer) => peer.ranges))
  for (const range of known.routes) {
    if (!ranges.has(range)) commands.push(['ip', 'route', 'del', range, 'dev', dev])
  }
  for (const { key } of known.peers) {
    if (!wanted.has(key)) commands.push(['wg', 'set', dev, 'peer', key, 'remove'])
  }
  const has = new Map(known.peers.map((peer) => [peer.key, peer]))
  for (const { key, endpoint, ranges: own } of peers) {
    const now = has.get(key)
    if (now?.endpoint === endpoint && now.ranges.join() === own.join()) continue
    const allowed = own.join(',')
    commands.push(['wg', 'set', dev, 'peer', key, 'endpoint', endpoint, 'allowed-ips', allowed])
  }
  for (const range of ranges) {
    if (known.routes.includes(range)) continue
    const source = range.includes(':') ? [] : ['src', end]
    commands.push(['ip', 'route', 'replace', range, 'dev', dev, ...source])
  }
  return commands
}

/** Of `wg show DEV dump`: the first line is the device, each further one a peer. */
export function peersOfDump(dump: string): WireguardPeer[] {
  return dump
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [key = '', , endpoint = '', allowed = ''] = line.split('\t')
      return { key, endpoint, ranges: allowed === '(none)' ? [] : allowed.split(',').sort() }
    })
}
