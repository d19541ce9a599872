// Domains of a topology key: every node's value as a small number.

import type { NodeEntry } from './node-entry.ts'

export const NO_DOMAIN = -1

export interface Topology {
  /** By node index: the domain, or NO_DOMAIN where the node lacks the label. */
  readonly domainOf: Int32Array
  readonly domains: number
}

export function topologyOf(
  key: string,
  nodes: readonly (NodeEntry | undefined)[],
  capacity: number,
): Topology {
  const domainOf = new Int32Array(capacity).fill(NO_DOMAIN)
  const byValue = new Map<string, number>()
  for (const node of nodes) {
    const value = node?.labels[key]
    if (node === undefined || value === undefined) continue
    let domain = byValue.get(value)
    if (domain === undefined) {
      domain = byValue.size
      byValue.set(value, domain)
    }
    domainOf[node.index] = domain
  }
  return { domainOf, domains: byValue.size }
}
