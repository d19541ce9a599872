// The next steps on a StatefulSet's pods. In order (OrderedReady) the first pod that is not as it should be holds up all
// that come after it; Parallel pods are made and removed at once. Updates are one at a time either way.

import type { KubeObject } from '@brume/api/object'
import { templateOf } from '../pod-control/history.ts'
import { isLeaving } from '../pod-control/owner.ts'
import { isAvailable, isFinished, phaseOf } from '../pod-control/pod-state.ts'
import type { StatefulSetAction } from './decide.ts'
import {
  claimsAt,
  identityLabels,
  isStaleClaim,
  ordinalOf,
  ordinalsOf,
  podAt,
  retained,
  type Version,
} from './identity.ts'
import { isRunningReady, revisionOf } from './status.ts'

export interface Members {
  set: KubeObject
  pods: readonly KubeObject[]
  /** ControllerRevisions. */
  current: KubeObject
  update: KubeObject
  claims: ReadonlyMap<string, KubeObject>
}

interface Steps {
  actions: StatefulSetAction[]
  /** Nothing more may be done in this round. */
  wait: boolean
}

export function decidePods(members: Members, now: number): StatefulSetAction[] {
  const { set, pods } = members
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod)!, pod]))
  const [first, end] = ordinalsOf(set)
  const wanted = Array.from({ length: end - first }, (_, index) => first + index)
  const condemned = [...byOrdinal.keys()].filter((n) => n < first || n >= end).sort((a, b) => b - a)
  const ordered = set['spec'].podManagementPolicy !== 'Parallel'
  const actions: StatefulSetAction[] = condemned.flatMap((n) =>
    keepClaims(members, n, byOrdinal.get(n)!, true),
  )
  for (const ordinal of wanted) {
    const step = stepOnReplica(members, ordinal, byOrdinal.get(ordinal), now)
    actions.push(...step.actions)
    if (ordered && step.wait) return actions
  }
  const unhealthy = [...wanted, ...condemned.toReversed()].find(
    (ordinal) => !isHealthy(byOrdinal.get(ordinal)),
  )
  for (const ordinal of condemned) {
    const pod = byOrdinal.get(ordinal)!
    if (isLeaving(pod)) {
      if (ordered) return actions
      continue
    }
    if (ordered && ordinal !== unhealthy && !isUp(set, pod, now)) return actions
    actions.push({ type: 'deletePod', set, pod })
    if (ordered) return actions
  }
  if (actions.some(({ type }) => type === 'createPod' || type === 'deletePod')) return actions
  return [...actions, ...rollingUpdate(members, byOrdinal)]
}

function stepOnReplica(members: Members, ordinal: number, pod: KubeObject | undefined, now: number): Steps {
  const { set } = members
  if (pod === undefined) return create(members, ordinal)
  if (isFinished(pod)) {
    return { actions: isLeaving(pod) ? [] : [{ type: 'deletePod', set, pod }], wait: true }
  }
  const claims = phaseOf(pod) === 'Pending' ? missingClaims(members, ordinal, pod) : []
  if (isLeaving(pod) || !isUp(set, pod, now)) return { actions: claims, wait: true }
  return {
    actions: [...relabel(set, ordinal, pod), ...keepClaims(members, ordinal, pod, false)],
    wait: false,
  }
}

function create(members: Members, ordinal: number): Steps {
  const { set, claims } = members
  const pod = podAt(set, ordinal, versionAt(members, ordinal))
  const wanted = claimsAt(set, ordinal)
  const going = wanted.some(({ metadata }) => {
    const known = claims.get(metadata.name!)
    return known !== undefined && (isLeaving(known) || isStaleClaim(known, pod.metadata.name!))
  })
  if (going) return { actions: [], wait: true }
  return { actions: [...missingClaims(members, ordinal, pod), { type: 'createPod', set, pod }], wait: true }
}

/** Pods below the partition stay what they are. */
function versionAt({ set, current, update }: Members, ordinal: number): Version {
  const { type, rollingUpdate } = set['spec'].updateStrategy ?? {}
  const [first] = ordinalsOf(set)
  const old = type === 'RollingUpdate' && ordinal < first + (rollingUpdate?.partition ?? 0)
  const revision = old ? current : update
  return { template: templateOf(revision), revision: revision.metadata.name! }
}

/** From the last ordinal down to the partition: the first old pod goes, once every pod after it is healthy again. */
function rollingUpdate(
  { set, update }: Members,
  byOrdinal: ReadonlyMap<number, KubeObject>,
): StatefulSetAction[] {
  const strategy = set['spec'].updateStrategy ?? {}
  if (strategy.type === 'OnDelete') return []
  const [first, end] = ordinalsOf(set)
  for (let ordinal = end - 1; ordinal >= first + (strategy.rollingUpdate?.partition ?? 0); ordinal--) {
    const pod = byOrdinal.get(ordinal)
    if (pod === undefined) return []
    if (revisionOf(pod) !== update.metadata.name && !isLeaving(pod)) return [{ type: 'deletePod', set, pod }]
    if (!isHealthy(pod)) return []
  }
  return []
}

function missingClaims({ set, claims }: Members, ordinal: number, pod: KubeObject): StatefulSetAction[] {
  return claimsAt(set, ordinal)
    .filter(({ metadata }) => !claims.has(metadata.name!))
    .map((claim) => ({ type: 'createClaim', set, claim, pod }))
}

function keepClaims(
  { set, claims }: Members,
  ordinal: number,
  pod: KubeObject,
  isScaledDown: boolean,
): StatefulSetAction[] {
  return claimsAt(set, ordinal).flatMap(({ metadata }) => {
    const known = claims.get(metadata.name!)
    const claim = known && retained(set, known, pod, isScaledDown)
    return claim === undefined ? [] : [{ type: 'updateClaim' as const, set, claim, pod }]
  })
}

function relabel(set: KubeObject, ordinal: number, pod: KubeObject): StatefulSetAction[] {
  const labels = identityLabels(set, ordinal)
  if (Object.entries(labels).every(([name, value]) => pod.metadata.labels?.[name] === value)) return []
  const metadata = { ...pod.metadata, labels: { ...pod.metadata.labels, ...labels } }
  return [{ type: 'updatePod', set, pod: { ...pod, metadata } }]
}

function isHealthy(pod: KubeObject | undefined): boolean {
  return pod !== undefined && isRunningReady(pod) && !isLeaving(pod)
}

function isUp(set: KubeObject, pod: KubeObject, now: number): boolean {
  return isRunningReady(pod) && isAvailable(pod, set['spec'].minReadySeconds ?? 0, now)
}
