// Whether network policies let a connection through, and which of them does not. Pure.

import { isIPv6 } from 'node:net'
import { parseIpRange, rangesOverlap } from '@brume/api/network/ip-range'
import {
  compilePolicies,
  type Direction,
  type Filter,
  policiesOf,
  type Rule,
  typesOf,
} from '@brume/api/network/policies'
import type { KubeObject } from '@brume/api/object'
import type { NetworkWorld } from './world.ts'

export interface Packet {
  /** The other end. */
  ip: string
  protocol: string
  /** Of the end that is asked. */
  port: number
}

/** namespace/name of the policies that close the pod to this, all of them together; undefined: it is let through. */
export function stoppedBy(
  pod: KubeObject,
  direction: Direction,
  { packet, world }: { packet: Packet; world: NetworkWorld },
): string[] | undefined {
  const nodeName = pod['spec'].nodeName as string
  const name = `${pod.metadata.namespace}/${pod.metadata.name}`
  const family = isIPv6(packet.ip) ? 6 : 4
  const filter = compilePolicies({ ...world, nodeName }, family).find(
    (one) => one.pod === name && one.direction === direction,
  )
  if (filter === undefined || letsThrough(filter, packet)) return undefined
  return policiesOf(pod, world.policies)
    .filter((policy) => typesOf(policy).includes(direction))
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
}

function letsThrough({ podIp, rules }: Filter, packet: Packet): boolean {
  return packet.ip === podIp || rules.some((rule) => matches(rule, packet))
}

function matches({ peers, ports, namedAt }: Rule, { ip, protocol, port }: Packet): boolean {
  const named = (namedAt ?? []).some((one) => one.ip === ip && one.protocol === protocol && one.port === port)
  if (named) return true
  const isPort =
    ports === undefined ||
    ports.some(
      (one) =>
        one.protocol === protocol &&
        (one.from === undefined || (port >= one.from && port <= (one.to ?? one.from))),
    )
  if (!isPort) return false
  if (peers === undefined) return true
  return (
    peers.addresses.includes(ip) ||
    peers.blocks.some(({ cidr, except }) => isIn(ip, cidr) && !except.some((hole) => isIn(ip, hole)))
  )
}

function isIn(ip: string, cidr: string): boolean {
  const [address, range] = [parseIpRange(ip), parseIpRange(cidr)]
  return address !== undefined && range !== undefined && rangesOverlap(address, range)
}
