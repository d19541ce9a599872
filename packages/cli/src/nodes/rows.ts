// From what was observed to a row for each node. Pure.

import type { KubeObject } from '@brume/api/object'
import { GROUP } from '@brume/api/placement'
import { podRequests } from '@brume/api/quota/pod-resources'
import { quantityMilliValue, quantityValue } from '@brume/base/quantity'
import { conditionOf, conditionsOf } from '../conditions.ts'
import type { ObservedNodes } from './observe.ts'

/** `Silent`: nothing is heard of its agent. `New`: it has not reported yet. */
export type NodeState = 'Ready' | 'Cordoned' | 'NotReady' | 'Silent' | 'New'

export interface NodeRow {
  name: string
  state: NodeState
  /** Why it is not ready, or what runs short on it. */
  reason: string | undefined
  roles: string[]
  group: string | undefined
  version: string | undefined
  addresses: string[]
  pods: { count: number; limit: number }
  cpuMillis: Amounts
  memoryBytes: Amounts
  /** RFC 3339. */
  heardAt: string | undefined
}

export interface Amounts {
  /** Asked for by the pods that are there. */
  promised: number
  /** undefined: not known. */
  used: number | undefined
  /** For pods. */
  all: number
}

const ROLE = 'node-role.kubernetes.io/'

export function nodeRows({ nodes, leases, pods, metrics }: ObservedNodes): NodeRow[] {
  const podsOf = Map.groupBy(pods.filter(takesRoom), ({ spec }) => String(spec?.nodeName))
  const leaseOf = new Map(leases.map((lease) => [lease.metadata.name, lease]))
  const usageOf = new Map(metrics.map((one) => [one.metadata.name, one['usage'] as Record<string, string>]))
  return nodes.map((node) => {
    const { name = '', labels = {} } = node.metadata
    const own = podsOf.get(name) ?? []
    const allocatable: Record<string, string> = node['status']?.allocatable ?? {}
    const usage = usageOf.get(name)
    const amounts = (resource: 'cpu' | 'memory'): Amounts => {
      const amount = resource === 'cpu' ? quantityMilliValue : quantityValue
      const promised = own.reduce((sum, pod) => sum + amount(podRequests(pod)[resource] ?? '0'), 0)
      const used = usage?.[resource]
      return {
        promised,
        used: used === undefined ? undefined : amount(used),
        all: amount(allocatable[resource] ?? '0'),
      }
    }
    return {
      name,
      ...stateOf(node),
      roles: Object.keys(labels)
        .filter((label) => label.startsWith(ROLE))
        .map((label) => label.slice(ROLE.length))
        .sort(),
      group: labels[GROUP],
      version: node['status']?.nodeInfo?.kubeletVersion,
      addresses: addressesOf(node),
      pods: { count: own.length, limit: Number(allocatable['pods'] ?? 0) },
      cpuMillis: amounts('cpu'),
      memoryBytes: amounts('memory'),
      heardAt: leaseOf.get(name)?.['spec']?.renewTime,
    }
  })
}

export function stateOf(node: KubeObject): Pick<NodeRow, 'state' | 'reason'> {
  const ready = conditionOf(node, 'Ready')
  if (ready === undefined) return { state: 'New', reason: 'its agent has not reported yet' }
  const reason = ready.message || ready.reason || undefined
  if (ready.status === 'Unknown') return { state: 'Silent', reason }
  if (ready.status !== 'True') return { state: 'NotReady', reason }
  const short = conditionsOf(node).find(({ type, status }) => type !== 'Ready' && status === 'True')
  return {
    state: node['spec']?.unschedulable === true ? 'Cordoned' : 'Ready',
    reason: short === undefined ? undefined : `${short.type}${short.message ? `: ${short.message}` : ''}`,
  }
}

function addressesOf({ status }: KubeObject): string[] {
  const addresses: { type: string; address: string }[] = status?.addresses ?? []
  return addresses.filter(({ type }) => type !== 'Hostname').map(({ address }) => address)
}

function takesRoom({ spec, status }: KubeObject): boolean {
  return Boolean(spec?.nodeName) && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'
}
