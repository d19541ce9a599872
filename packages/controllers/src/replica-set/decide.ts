// Keeping a number of pods: take over and let go, say what is there, then make or delete the difference.

import type { KubeObject } from '@brume/api/object'
import type { LabelSelector } from '@brume/api/selectors/label-selector'
import { fromMap, fromStructured } from '@brume/api/selectors/structured'
import { deepEqual } from '@brume/base/values'
import type { Plan } from '@brume/client/controller'
import { claim } from '../pod-control/claim.ts'
import { isLeaving } from '../pod-control/owner.ts'
import { podsToDelete } from '../pod-control/pod-order.ts'
import { isActive, nextAvailableMs } from '../pod-control/pod-state.ts'
import type { ObservedReplicaSet } from './observe.ts'
import { replicaSetStatus } from './status.ts'

export type ReplicaSetAction =
  | { type: 'adopt'; replicaSet: KubeObject; pod: KubeObject }
  | { type: 'release'; replicaSet: KubeObject; pod: KubeObject }
  | { type: 'setStatus'; replicaSet: KubeObject; status: object }
  | { type: 'createPods'; replicaSet: KubeObject; count: number }
  | { type: 'deletePods'; replicaSet: KubeObject; pods: readonly KubeObject[] }
  | { type: 'recovered'; replicaSet: KubeObject }

/** Pods made or deleted in one round. */
export const BURST = 500

export function decideReplicaSet(observed: ObservedReplicaSet, now: number): Plan<ReplicaSetAction> {
  const { replicaSet, owned, orphans, related, failure } = observed
  const selector = selectorOf(replicaSet)
  const active = owned.filter(isActive)
  const { claimed, adopt, release } = claim({
    owner: replicaSet,
    selector,
    owned: active,
    orphans: orphans.filter(isActive),
  })
  const actions: ReplicaSetAction[] = [
    ...adopt.map((pod) => ({ type: 'adopt' as const, replicaSet, pod })),
    ...release.map((pod) => ({ type: 'release' as const, replicaSet, pod })),
  ]
  // Before the pods: a status that cannot be written says that what was decided on is out of date.
  const status = replicaSetStatus({ replicaSet, pods: claimed, failure }, now)
  if (!deepEqual(status, replicaSet['status'])) actions.push({ type: 'setStatus', replicaSet, status })
  actions.push(...difference(replicaSet, claimed, { related: [...related, ...adopt], now }))
  if (failure !== undefined) actions.push({ type: 'recovered', replicaSet })
  const requeueAfterMs = nextAvailableMs(claimed, replicaSet['spec'].minReadySeconds ?? 0, now)
  return { actions, ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }) }
}

/** Of a ReplicaSet (structured) or a ReplicationController (a map). */
export function selectorOf({ kind, spec }: KubeObject): LabelSelector {
  return kind === 'ReplicationController' ? fromMap(spec.selector) : fromStructured(spec.selector)
}

function difference(
  replicaSet: KubeObject,
  pods: readonly KubeObject[],
  order: { related: readonly KubeObject[]; now: number },
): ReplicaSetAction[] {
  if (isLeaving(replicaSet)) return []
  const missing = (replicaSet['spec'].replicas ?? 1) - pods.length
  if (missing > 0) return [{ type: 'createPods', replicaSet, count: Math.min(missing, BURST) }]
  if (missing === 0) return []
  const surplus = podsToDelete(pods, Math.min(-missing, BURST), order)
  return [{ type: 'deletePods', replicaSet, pods: surplus }]
}
