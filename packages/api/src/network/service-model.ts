// What the kernel is told about Services: addresses and ports at which they are reached, and what is behind each.

import type { KubeObject } from '../object.ts'

/** Label of an EndpointSlice: the Service that it belongs to. */
export const SERVICE_NAME = 'kubernetes.io/service-name'

/** Where a Service is reached: an address of its own, or a port on every address of the node. */
export interface Frontend {
  /** undefined: a node port. */
  ip: string | undefined
  protocol: 'tcp' | 'udp' | 'sctp'
  port: number
}

export interface Backend {
  ip: string
  port: number
}

/**
 * `forward`: to one of the backends; a client stays with the one it got until it has asked nothing for `stickySeconds`,
 * if given. `refuse`: nothing is behind it, said at
 * once. `drop`: something is, but its traffic policy keeps this node's traffic on this node, where nothing is.
 */
export type Behaviour =
  | { type: 'forward'; backends: readonly Backend[]; stickySeconds?: number }
  | { type: 'refuse' }
  | { type: 'drop' }

export interface Route {
  frontend: Frontend
  behaviour: Behaviour
  /** For this node and its pods, where that differs. */
  inside?: Behaviour
  /** Who may ask: ranges that do not overlap. undefined: anybody; none: nobody. */
  sources?: readonly string[]
}

export interface NodeView {
  name: string
  zone: string | undefined
  /** Towards the others. */
  address?: string | undefined
  /** Ranges of pods and Services: who could have an address of them for a Service would hear what is meant for others. */
  reserved?: readonly string[]
  /** Addresses of nodes, and the TCP ports at which a node itself is reached: no Service leads them elsewhere. */
  own?: { addresses: readonly string[]; ports: readonly number[] }
}

export type Service = KubeObject
export type EndpointSlice = KubeObject

/** As nft writes it: `10.96.0.1 . tcp . 80`, or `tcp . 30080`. */
export function frontendKey({ ip, protocol, port }: Frontend): string {
  return ip === undefined ? `${protocol} . ${port}` : `${ip} . ${protocol} . ${port}`
}
