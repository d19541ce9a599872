// What the API knows of the nodes: their objects, leases, pods, and what they use.

import type { KubeObject } from '@brume/api/object'
import { StatusError } from '@brume/base/errors'
import { LEASES, NODES, PODS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { ResourceRef } from '@brume/client/resource-ref'

export interface ObservedNodes {
  nodes: readonly KubeObject[]
  /** Of kube-node-lease. */
  leases: readonly KubeObject[]
  pods: readonly KubeObject[]
  /** NodeMetrics; of nodes that answer. */
  metrics: readonly KubeObject[]
}

const NODE_METRICS: ResourceRef = {
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  plural: 'nodes',
  kind: 'NodeMetrics',
  namespaced: false,
}

/** What this person may not see is left out, but the nodes. */
export async function observeNodes(client: Client): Promise<ObservedNodes> {
  const list = (ref: ResourceRef, namespace?: string) =>
    client.resource(ref).listAll(namespace === undefined ? {} : { namespace })
  const [nodes, leases, pods, metrics] = await Promise.all([
    list(NODES),
    visible(list(LEASES, 'kube-node-lease')),
    visible(list(PODS)),
    visible(list(NODE_METRICS)),
  ])
  return { nodes: nodes.items, leases, pods, metrics }
}

async function visible(listing: Promise<{ items: KubeObject[] }>): Promise<KubeObject[]> {
  try {
    return (await listing).items
  } catch (error) {
    if (error instanceof StatusError) return []
    throw error
  }
}
