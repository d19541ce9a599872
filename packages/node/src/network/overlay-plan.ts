// What a node needs to know of the others to reach their pods: for each a route, a neighbour and a place in the
// forwarding table of one VXLAN device. Nothing is learned from packets. Pure.

import { createHash } from 'node:crypto'
import { addressAt, formatAddress, parseRangeOf } from '@brume/api/network/ip-range'
import type { KubeObject } from '@brume/api/object'
import { madeUpMac } from './mac.ts'

export interface Peer {
  /** Of its pods. */
  range: string
  /** The address of its end of the tunnel: the first of its range, or the one that its device has by itself. */
  end: string
  mac: string
  /** Where packets for it are sent. */
  nodeIp: string
}

/** Where the other nodes reach it. */
export function nodeIpOf({ status }: KubeObject): string | undefined {
  const addresses: { type: string; address: string }[] = status?.['addresses'] ?? []
  return addresses.find(({ type }) => type === 'InternalIP')?.address
}

/** One of each family. */
export function podRangesOf({ spec }: KubeObject): string[] {
  return spec?.['podCIDRs'] ?? (spec?.['podCIDR'] === undefined ? [] : [spec['podCIDR']])
}

export interface NodeSeen {
  name: string
  /** One of each family. */
  podRanges: readonly string[]
  address: string | undefined
}

/** In 10.42.3.0/24 it is 10.42.3.0: no pod has it. undefined for what is no range of IPv4. */
export function tunnelEnd(podRange: string): string | undefined {
  const range = parseRangeOf(4, podRange)
  return range === undefined ? undefined : addressAt(range, 0)
}

/** The same on every node, without anybody telling it: locally administered, of the node's name. */
export function tunnelMac(nodeName: string): string {
  return madeUpMac(`tunnel/${nodeName}`)
}

/** The address of IPv6 that the kernel gives a device with this Ethernet address (RFC 4291, appendix A). */
export function linkLocal(mac: string): string {
  const [a, b, c, d, e, f] = mac.split(':').map((byte) => BigInt(`0x${byte}`))
  const bytes = [a! ^ 2n, b!, c!, 0xffn, 0xfen, d!, e!, f!]
  return formatAddress(
    6,
    bytes.reduce((sum, byte) => sum * 256n + byte, 0xfe80n << 48n),
  )
}

/** 24 bits that two clouds on one wire hardly share; from the cloud's CA, which every node has. */
export function networkId(caPem: string): number {
  return createHash('sha256').update(caPem.trim()).digest().readUIntBE(0, 3) || 1
}

/** Nodes without a range or an address have no pods to be reached yet. */
export function peersOf(nodes: readonly NodeSeen[], ownName: string): Peer[] {
  return nodes.flatMap(({ name, podRanges, address }) => {
    if (name === ownName || address === undefined) return []
    const mac = tunnelMac(name)
    return podRanges.flatMap((range) => {
      const end = tunnelEnd(range) ?? (range.includes(':') ? linkLocal(mac) : undefined)
      return end === undefined ? [] : [{ range, end, mac, nodeIp: address }]
    })
  })
}

/** Commands that make `dev` know these peers and no others; `known` is what the kernel has. */
export function overlayCommands(dev: string, known: KernelState, peers: readonly Peer[]): string[][] {
  const commands: string[][] = []
  const wanted = {
    routes: new Set(peers.map(({ range, end }) => `${range} via ${end}`)),
    neighbours: new Set(peers.map(({ end, mac }) => `${end} ${mac}`)),
    places: new Set(peers.map(({ mac, nodeIp }) => `${mac} ${nodeIp}`)),
  }
  for (const route of known.routes) {
    if (!wanted.routes.has(`${route.range} via ${route.end}`))
      commands.push(['ip', 'route', 'del', route.range, 'dev', dev])
  }
  for (const { end, mac } of known.neighbours) {
    if (!wanted.neighbours.has(`${end} ${mac}`)) commands.push(['ip', 'neigh', 'del', end, 'dev', dev])
  }
  for (const { mac, nodeIp } of known.places) {
    if (!wanted.places.has(`${mac} ${nodeIp}`))
      commands.push(['bridge', 'fdb', 'del', mac, 'dev', dev, 'dst', nodeIp])
  }
  const has = {
    routes: new Set(known.routes.map(({ range, end }) => `${range} via ${end}`)),
    neighbours: new Set(known.neighbours.map(({ end, mac }) => `${end} ${mac}`)),
    places: new Set(known.places.map(({ mac, nodeIp }) => `${mac} ${nodeIp}`)),
  }
  for (const { range, end, mac, nodeIp } of peers) {
    if (!has.places.has(`${mac} ${nodeIp}`))
      commands.push(['bridge', 'fdb', 'replace', mac, 'dev', dev, 'dst', nodeIp])
    if (!has.neighbours.has(`${end} ${mac}`))
      commands.push(['ip', 'neigh', 'replace', end, 'lladdr', mac, 'dev', dev, 'nud', 'permanent'])
    if (!has.routes.has(`${range} via ${end}`))
      commands.push(['ip', 'route', 'replace', range, 'via', end, 'dev', dev, 'onlink'])
  }
  // Both families of a peer have one place.
  return [...new Map(commands.map((command) => [command.join(' '), command])).values()]
}

export interface KernelState {
  routes: readonly { range: string; end: string }[]
  neighbours: readonly { end: string; mac: string }[]
  places: readonly { mac: string; nodeIp: string }[]
}
