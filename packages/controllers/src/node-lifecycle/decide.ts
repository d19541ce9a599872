// What is known of a node: one that is not heard of becomes Unknown, taints follow its conditions, and its pods are not
// ready when it is not. Rules: Kubernetes' documentation of node heartbeats and taint-based eviction.

import type { KubeObject } from '@brume/api/object'
import { formatTime } from '@brume/base/clock'
import { deepEqual } from '@brume/base/values'
import type { Plan } from '@brume/client/controller'
import { isLeaving } from '../pod-control/owner.ts'
import { isFinished, isReady, podCondition, readySince, timeOf } from '../pod-control/pod-state.ts'
import { readiness, type Taint, taintsOf } from './taints.ts'

export interface ObservedNode {
  node: KubeObject
  /** Milliseconds since the epoch, by our clock: when its lease or its heartbeat last moved. */
  heardAt: number
  pods: readonly KubeObject[]
  /** No node is ready: then it is more likely us, and no pod is to be driven out. */
  allDown: boolean
}

export type NodeAction =
  | { type: 'setStatus'; node: KubeObject; status: object }
  | { type: 'setTaints'; node: KubeObject; taints: readonly Taint[] }
  | { type: 'setNotReady'; pod: KubeObject }
  | { type: 'say'; node: KubeObject; reason: string; message: string }

interface Condition {
  type: string
  status: string
}

const GRACE_MS = 50_000
/** For a node that has never said anything. */
const STARTUP_GRACE_MS = 60_000
const TYPES = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

export function decideNode(observed: ObservedNode, now: number): Plan<NodeAction> {
  const { node, heardAt, pods, allDown } = observed
  if (isLeaving(node)) return { actions: [] }
  const known = readiness(node)
  const leftMs = heardAt + (known === undefined ? STARTUP_GRACE_MS : GRACE_MS) - now
  const conditions: Condition[] = node['status']?.conditions ?? []
  const lost = leftMs <= 0 && TYPES.some((type) => podCondition(node, type)?.status !== 'Unknown')
  const actions: NodeAction[] = []
  let current = node
  if (lost) {
    const status = { ...node['status'], conditions: unknown(node, conditions, now) }
    actions.push({ type: 'setStatus', node, status })
    // The taints follow when the status has been written: the node is then another revision.
    current = { ...node, status }
  } else {
    const taints = taintsOf(node, { evicts: !allDown }, now)
    if (!deepEqual(taints, node['spec']?.taints ?? [])) actions.push({ type: 'setTaints', node, taints })
  }
  const ready = readiness(current)
  if (ready !== undefined && ready.status !== 'True') {
    const since = timeOf(ready.lastTransitionTime) ?? now
    // A pod that became ready later was reported by somebody who knows better.
    const stale = pods.filter((pod) => isReady(pod) && !isFinished(pod) && (readySince(pod) ?? 0) <= since)
    for (const pod of stale) actions.push({ type: 'setNotReady', pod })
  }
  if (lost && known?.status === 'True') {
    const message = `Node ${node.metadata.name} status is now: NodeNotReady`
    actions.push({ type: 'say', node, reason: 'NodeNotReady', message })
  }
  return { actions, ...(leftMs > 0 ? { requeueAfterMs: leftMs } : {}) }
}

function unknown(node: KubeObject, conditions: readonly Condition[], now: number): object[] {
  const time = formatTime(now)
  const changed = conditions.map((condition) => {
    if (!TYPES.includes(condition.type) || condition.status === 'Unknown') return condition
    const reason = 'NodeStatusUnknown'
    const message = 'Kubelet stopped posting node status.'
    return { ...condition, status: 'Unknown', reason, message, lastTransitionTime: time }
  })
  const missing = TYPES.filter((type) => !conditions.some((condition) => condition.type === type))
  const never = missing.map((type) => ({
    type,
    status: 'Unknown',
    reason: 'NodeStatusNeverUpdated',
    message: 'Kubelet never posted node status.',
    lastHeartbeatTime: node.metadata.creationTimestamp,
    lastTransitionTime: time,
  }))
  return [...changed, ...never]
}
