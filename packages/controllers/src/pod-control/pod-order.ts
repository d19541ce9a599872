// Which pods go first when there are too many: those whose loss costs least (Kubernetes' ActivePodsWithRanks).

import type { KubeObject } from '@brume/api/object'
import { isActive, isReady, phaseOf, readySince, timeOf } from './pod-state.ts'

export interface OrderOptions {
  /** Pods of the same application (all ReplicaSets of a Deployment): nodes that hold many of them give first. */
  related: readonly KubeObject[]
  now: number
}

type Compare = (a: KubeObject, b: KubeObject) => number

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'
const PHASES = ['Pending', 'Unknown', 'Running']

/** The `count` pods to delete. */
export function podsToDelete(
  pods: readonly KubeObject[],
  count: number,
  { related, now }: OrderOptions,
): KubeObject[] {
  if (count >= pods.length) return [...pods]
  return [...pods].sort(deletionOrder({ related, now })).slice(0, count)
}

/** Sorts what should go first to the front. */
export function deletionOrder({ related, now }: OrderOptions): Compare {
  const perNode = new Map<string, number>()
  for (const pod of related) {
    if (isActive(pod)) perNode.set(nodeOf(pod), (perNode.get(nodeOf(pod)) ?? 0) + 1)
  }
  const rank = (pod: KubeObject) => perNode.get(nodeOf(pod)) ?? 0
  const rules: Compare[] = [
    (a, b) => Number(nodeOf(a) !== '') - Number(nodeOf(b) !== ''),
    (a, b) => PHASES.indexOf(phaseOf(a)) - PHASES.indexOf(phaseOf(b)),
    (a, b) => Number(isReady(a)) - Number(isReady(b)),
    (a, b) => deletionCost(a) - deletionCost(b),
    (a, b) => rank(b) - rank(a),
    (a, b) => (isReady(a) && isReady(b) ? compareAges(a, b, [readySince(a), readySince(b)], now) : 0),
    (a, b) => restarts(b) - restarts(a),
    (a, b) => compareAges(a, b, [createdAt(a), createdAt(b)], now),
  ]
  return (a, b) => {
    for (const rule of rules) {
      const order = rule(a, b)
      if (order !== 0) return order
    }
    return 0
  }
}

/** Negative: `a` is younger. Ages of the same power of two count as one, and the uid decides, so that no age is safe. */
function compareAges(
  a: KubeObject,
  b: KubeObject,
  [atA, atB]: readonly [number | undefined, number | undefined],
  now: number,
): number {
  if (atA === atB) return 0
  if (atA === undefined) return -1
  if (atB === undefined) return 1
  const order = magnitude(now - atA) - magnitude(now - atB)
  if (order !== 0) return order
  return a.metadata.uid! < b.metadata.uid! ? -1 : 1
}

/** The power of two of an age in nanoseconds. */
function magnitude(ageMs: number): number {
  return ageMs <= 0 ? -1 : Math.floor(Math.log2(ageMs * 1e6))
}

function deletionCost({ metadata }: KubeObject): number {
  const text = metadata.annotations?.[DELETION_COST]
  return text !== undefined && /^(0|[+-]?[1-9]\d*)$/.test(text) ? Number(text) : 0
}

function restarts(pod: KubeObject): number {
  const statuses: { restartCount?: number }[] = [
    ...(pod['status']?.initContainerStatuses ?? []),
    ...(pod['status']?.containerStatuses ?? []),
  ]
  return Math.max(0, ...statuses.map(({ restartCount }) => restartCount ?? 0))
}

function createdAt({ metadata }: KubeObject): number | undefined {
  return timeOf(metadata.creationTimestamp)
}

function nodeOf(pod: KubeObject): string {
  return pod['spec']?.nodeName ?? ''
}
