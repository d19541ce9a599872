// The taints that a node's conditions stand for.

import type { KubeObject } from '@brume/api/object'
import { formatTime } from '@brume/base/clock'
import { type PodCondition, podCondition } from '../pod-control/pod-state.ts'

export interface Taint {
  key: string
  value?: string
  effect: string
  timeAdded?: string
}

const NOT_READY = 'node.kubernetes.io/not-ready'
const UNREACHABLE = 'node.kubernetes.io/unreachable'
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable'
const PRESSURES: Readonly<Record<string, string>> = {
  MemoryPressure: 'node.kubernetes.io/memory-pressure',
  DiskPressure: 'node.kubernetes.io/disk-pressure',
  NetworkUnavailable: 'node.kubernetes.io/network-unavailable',
  PIDPressure: 'node.kubernetes.io/pid-pressure',
}
const OURS = new Set([NOT_READY, UNREACHABLE, UNSCHEDULABLE, ...Object.values(PRESSURES)])

/** The node's taints as they should be: everybody else's as they are, ours by its conditions. */
export function taintsOf(node: KubeObject, { evicts }: { evicts: boolean }, now: number): Taint[] {
  const current: Taint[] = node['spec']?.taints ?? []
  const ready = readiness(node)?.status
  const bad = ready === 'False' ? NOT_READY : ready === 'Unknown' ? UNREACHABLE : undefined
  const wanted: Taint[] = []
  if (bad !== undefined) wanted.push({ key: bad, effect: 'NoSchedule' })
  for (const [type, key] of Object.entries(PRESSURES)) {
    if (podCondition(node, type)?.status === 'True') wanted.push({ key, effect: 'NoSchedule' })
  }
  if (node['spec']?.unschedulable === true) wanted.push({ key: UNSCHEDULABLE, effect: 'NoSchedule' })
  if (bad !== undefined && evicts) wanted.push({ key: bad, effect: 'NoExecute' })
  const same = (a: Taint) => (b: Taint) => a.key === b.key && a.effect === b.effect
  const isOurs = ({ key, effect }: Taint) => {
    const ofReadiness = key === NOT_READY || key === UNREACHABLE
    // Until a node says how it is, the taint that it was created with stays.
    if (ofReadiness && ready === undefined) return false
    return effect === 'NoSchedule' ? OURS.has(key) : effect === 'NoExecute' && ofReadiness
  }
  const kept = current.filter((taint) => !isOurs(taint) || wanted.some(same(taint)))
  const added = wanted.filter((taint) => !current.some(same(taint)))
  return [...kept, ...added.map((taint) => ({ ...taint, timeAdded: formatTime(now) }))]
}

export function readiness(node: KubeObject): PodCondition | undefined {
  return podCondition(node, 'Ready')
}
