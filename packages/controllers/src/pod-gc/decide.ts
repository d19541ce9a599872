// Pods that nobody will clean up: never scheduled and being deleted, on a node that is gone or out of service, or ended
// and too many. Rules: Kubernetes' documentation of pod garbage collection.

import type { KubeObject } from '@brume/api/object'
import type { Plan } from '@brume/client/controller'
import { isLeaving } from '../pod-control/owner.ts'
import { isFinished, podCondition } from '../pod-control/pod-state.ts'

export interface ObservedPod {
  pod: KubeObject
  /** undefined: it has none, or the node is not known. */
  node: KubeObject | undefined
  /** Milliseconds since the epoch: since when the pod's node is not known. */
  missingSince?: number
  /** The server itself says that the node does not exist. */
  nodeIsGone: boolean
}

export interface CollectPod {
  type: 'collect'
  pod: KubeObject
  /** Pods that had not ended say why they did. */
  failed?: string
}

/** A node that is registered anew within this time keeps its pods. */
export const QUARANTINE_MS = 40_000
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service'

export function decidePod(observed: ObservedPod, now: number): Plan<CollectPod> {
  const { pod, node, missingSince, nodeIsGone } = observed
  const collect = (failed?: string): Plan<CollectPod> => ({
    actions: [{ type: 'collect', pod, ...(failed === undefined || isFinished(pod) ? {} : { failed }) }],
  })
  if (!pod['spec'].nodeName) return isLeaving(pod) ? collect() : { actions: [] }
  if (node !== undefined) return isLeaving(pod) && isOutOfService(node) ? collect() : { actions: [] }
  if (missingSince === undefined) return { actions: [] }
  const leftMs = missingSince + QUARANTINE_MS - now
  if (leftMs > 0) return { actions: [], requeueAfterMs: leftMs }
  return nodeIsGone ? collect('PodGC: node no longer exists') : { actions: [] }
}

/** The oldest of the ended pods beyond the threshold, evicted ones first. */
export function decideEnded(pods: readonly KubeObject[], threshold: number): Plan<CollectPod> {
  const surplus = pods.length - threshold
  if (surplus <= 0) return { actions: [] }
  const rank = ({ metadata, status }: KubeObject) =>
    `${status?.reason === 'Evicted' ? 0 : 1}|${metadata.creationTimestamp}|${metadata.name}`
  const oldest = [...pods].sort((a, b) => (rank(a) < rank(b) ? -1 : 1)).slice(0, surplus)
  return { actions: oldest.map((pod) => ({ type: 'collect' as const, pod })) }
}

export function isOutOfService(node: KubeObject): boolean {
  const tainted = (node['spec']?.taints ?? []).some(({ key }: { key: string }) => key === OUT_OF_SERVICE)
  return tainted && podCondition(node, 'Ready')?.status !== 'True'
}
