// Keeping one pod of each ordinal: made in order, updated from the last, removed from the last.

import type { KubeObject } from '@brume/api/object'
import { fromStructured } from '@brume/api/selectors/structured'
import { deepEqual } from '@brume/base/values'
import type { Plan } from '@brume/client/controller'
import type { RevisionAction } from '../pod-control/act-history.ts'
import { claim } from '../pod-control/claim.ts'
import { latestRevision, surplusRevisions } from '../pod-control/history.ts'
import { isLeaving } from '../pod-control/owner.ts'
import { nextAvailableMs } from '../pod-control/pod-state.ts'
import { ordinalOf, SET_KIND } from './identity.ts'
import type { ObservedStatefulSet } from './observe.ts'
import { decidePods } from './pods.ts'
import { revisionOf, statefulSetStatus } from './status.ts'

export type StatefulSetAction =
  | { type: 'adopt' | 'release' | 'createPod' | 'updatePod' | 'deletePod'; set: KubeObject; pod: KubeObject }
  | { type: 'adoptRevision'; set: KubeObject; revision: KubeObject }
  | (RevisionAction & { set: KubeObject })
  | { type: 'createClaim' | 'updateClaim'; set: KubeObject; claim: KubeObject; pod: KubeObject }
  | { type: 'setStatus'; set: KubeObject; status: object }

export function decideStatefulSet(observed: ObservedStatefulSet, now: number): Plan<StatefulSetAction> {
  const { set, owned, orphans, revisions, orphanRevisions, namesake } = observed
  const selector = fromStructured(set['spec'].selector)
  if (selector.empty) return { actions: [] }
  const isMember = (pod: KubeObject) => ordinalOf(set, pod) !== undefined
  const pods = claim({ owner: set, selector, owned, orphans: orphans.filter(isMember) })
  const own = claim({ owner: set, selector, owned: revisions, orphans: orphanRevisions })
  if (pods.adopt.length + pods.release.length + own.adopt.length > 0) {
    const actions: StatefulSetAction[] = [
      ...own.adopt.map((revision) => ({ type: 'adoptRevision' as const, set, revision })),
      ...pods.adopt.map((pod) => ({ type: 'adopt' as const, set, pod })),
      ...pods.release.map((pod) => ({ type: 'release' as const, set, pod })),
    ]
    return { actions, requeueAfterMs: 0 }
  }
  const latest = latestRevision({ owner: set, kind: SET_KIND, revisions, namesake })
  if (latest.step?.type === 'collision') {
    const { collisionCount } = latest.step
    return {
      actions: [{ type: 'setStatus', set, status: { replicas: 0, ...set['status'], collisionCount } }],
    }
  }
  if (latest.step !== undefined) return { actions: [{ ...latest.step, set }], requeueAfterMs: 0 }
  const update = latest.revision!
  const current = revisions.find(({ metadata }) => metadata.name === set['status']?.currentRevision) ?? update
  const members = pods.claimed.filter(isMember)
  const names = { current: current.metadata.name!, update: update.metadata.name! }
  const status = statefulSetStatus(set, members, names, now)
  const actions: StatefulSetAction[] = []
  if (!deepEqual(status, set['status'])) actions.push({ type: 'setStatus', set, status })
  if (isLeaving(set)) return { actions }
  actions.push(...decidePods({ set, pods: members, current, update, claims: observed.claims }, now))
  const live = new Set([names.current, names.update, ...members.map(revisionOf)])
  const limit = set['spec'].revisionHistoryLimit ?? 10
  for (const revision of surplusRevisions(revisions, ({ metadata }) => live.has(metadata.name), limit)) {
    actions.push({ type: 'deleteRevision', set, revision })
  }
  const requeueAfterMs = nextAvailableMs(members, set['spec'].minReadySeconds ?? 0, now)
  return { actions, ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }) }
}
