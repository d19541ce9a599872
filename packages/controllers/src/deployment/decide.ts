// One step of a Deployment: take over its ReplicaSets, find or make the one of its template, move replicas towards it,
// and say how far that is. Each step ends where a write must be seen before the next can be decided.

import type { KubeObject } from '@brume/api/object'
import { fromStructured } from '@brume/api/selectors/structured'
import { deepEqual } from '@brume/base/values'
import type { Plan } from '@brume/client/controller'
import { claim } from '../pod-control/claim.ts'
import { isLeaving } from '../pod-control/owner.ts'
import { isFinished } from '../pod-control/pod-state.ts'
import type { ObservedDeployment } from './observe.ts'
import { pausedStatus, revisionActions } from './prepare.ts'
import { findNew, revisionOf, sizeAnnotations } from './revisions.ts'
import {
  annotatedCount,
  availableOf,
  DESIRED,
  desiredOf,
  newSize,
  olderFirst,
  proportionalSizes,
  shrinkOld,
  sum,
} from './rollout.ts'
import { countedStatus, type DeploymentStatus, deadlineInMs, isComplete, rolloutStatus } from './status.ts'

export type DeploymentAction =
  | { type: 'adopt'; deployment: KubeObject; set: KubeObject }
  | { type: 'release'; deployment: KubeObject; set: KubeObject }
  | { type: 'createSet'; deployment: KubeObject; set: KubeObject }
  /** The whole ReplicaSet as it should be, decided on its resourceVersion. */
  | { type: 'updateSet'; deployment: KubeObject; set: KubeObject; event?: string }
  | { type: 'deleteSet'; deployment: KubeObject; set: KubeObject }
  | { type: 'setStatus'; deployment: KubeObject; status: object; revision?: string }
  | { type: 'warn'; deployment: KubeObject; reason: string; message: string }

/** A Deployment and its ReplicaSets: that of its template, and the others. */
export interface Rollout {
  deployment: KubeObject
  current: KubeObject | undefined
  old: readonly KubeObject[]
}

const UNLIMITED = 2 ** 31 - 1

export function decideDeployment(observed: ObservedDeployment, now: number): Plan<DeploymentAction> {
  const { deployment, owned, orphans } = observed
  const selector = fromStructured(deployment['spec'].selector)
  if (selector.empty) return refuseEmptySelector(deployment)
  const { claimed, adopt, release } = claim({ owner: deployment, selector, owned, orphans })
  if (adopt.length + release.length > 0) {
    const actions: DeploymentAction[] = [
      ...adopt.map((set) => ({ type: 'adopt' as const, deployment, set })),
      ...release.map((set) => ({ type: 'release' as const, deployment, set })),
    ]
    return { actions, requeueAfterMs: 0 }
  }
  const current = findNew(deployment, claimed)
  const rollout: Rollout = { deployment, current, old: claimed.filter((set) => set !== current) }
  if (isLeaving(deployment))
    return { actions: writeStatus(deployment, countedStatus(deployment, setsOf(rollout), now)) }
  const paused = pausedStatus(deployment, now)
  if (paused !== undefined) return { actions: [{ type: 'setStatus', deployment, status: paused }] }
  if (deployment['spec'].paused || isScaled(rollout)) return resize(rollout, now)
  return deployment['spec'].strategy?.type === 'Recreate'
    ? recreate(rollout, observed, now)
    : rollOver(rollout, observed, now)
}

function refuseEmptySelector(deployment: KubeObject): Plan<DeploymentAction> {
  const { generation } = deployment.metadata
  if (deployment['status']?.observedGeneration === generation) return { actions: [] }
  const message = 'This deployment is selecting all pods. A non-empty selector is required.'
  const status = { ...deployment['status'], observedGeneration: generation }
  return {
    actions: [
      { type: 'setStatus', deployment, status },
      { type: 'warn', deployment, reason: 'SelectingAll', message },
    ],
  }
}

/** Someone changed spec.replicas: the ReplicaSets still carry another number. */
function isScaled({ deployment, current, old }: Rollout): boolean {
  return [...old, ...(current === undefined ? [] : [current])].some((set) => {
    const annotated = annotatedCount(set, DESIRED)
    return desiredOf(set) > 0 && annotated !== undefined && annotated !== desiredOf(deployment)
  })
}

/** Scaling, and all that happens while paused: sizes only, no new revision. */
function resize(rollout: Rollout, now: number): Plan<DeploymentAction> {
  const { deployment, current } = rollout
  const prepared = current === undefined ? [] : revisionActions(rollout, { now })
  if (prepared.length > 0) return { actions: prepared }
  const { actions, after } = applySizes(rollout, resized(rollout), { annotate: isSpread(rollout) })
  if (deployment['spec'].paused) actions.push(...cleanup(rollout))
  return { actions: [...actions, ...writeStatus(deployment, countedStatus(deployment, setsOf(after), now))] }
}

function resized({ deployment, current, old }: Rollout): Map<string, number> {
  const desired = desiredOf(deployment)
  const only = onlyActive({ deployment, current, old })
  if (only !== undefined) return new Map([[only.metadata.name!, desired]])
  if (isSaturated(deployment, current)) return new Map(old.map(({ metadata }) => [metadata.name!, 0]))
  if (deployment['spec'].strategy?.type === 'Recreate') return new Map()
  return proportionalSizes(deployment, active([...old, ...(current === undefined ? [] : [current])]))
}

/** The one ReplicaSet with replicas; when none has any, the newest. undefined: several have. */
function onlyActive({ current, old }: Rollout): KubeObject | undefined {
  const running = active([...old, ...(current === undefined ? [] : [current])])
  if (running.length > 1) return undefined
  return running[0] ?? current ?? [...old].sort(olderFirst).at(-1)
}

function isSpread(rollout: Rollout): boolean {
  return onlyActive(rollout) === undefined && !isSaturated(rollout.deployment, rollout.current)
}

function isSaturated(deployment: KubeObject, current: KubeObject | undefined): boolean {
  const desired = desiredOf(deployment)
  return (
    current !== undefined &&
    desiredOf(current) === desired &&
    annotatedCount(current, DESIRED) === desired &&
    availableOf(current) === desired
  )
}

function rollOver(rollout: Rollout, observed: ObservedDeployment, now: number): Plan<DeploymentAction> {
  const { deployment, current, old } = rollout
  const prepared = revisionActions(rollout, { ...observed, now })
  if (prepared.length > 0 || current === undefined) return { actions: prepared }
  const size = desiredOf(current)
  const desired = desiredOf(deployment)
  const grown = size > desired ? desired : newSize(deployment, [...old, current], size)
  if (grown !== size) return moved(rollout, new Map([[current.metadata.name!, grown]]), now)
  const shrunk = shrinkOld(deployment, active(old), current)
  if (shrunk.size > 0) return moved(rollout, shrunk, now)
  return settled(rollout, now)
}

/** The old pods are gone, to the last, before the first new one is made. */
function recreate(rollout: Rollout, observed: ObservedDeployment, now: number): Plan<DeploymentAction> {
  const { deployment, current, old } = rollout
  const running = active(old)
  if (current !== undefined) {
    const prepared = revisionActions(rollout, { now })
    if (prepared.length > 0) return { actions: prepared }
  }
  if (running.length > 0)
    return moved(rollout, new Map(running.map(({ metadata }) => [metadata.name!, 0])), now)
  if (oldPodsRun(rollout, observed)) return withStatus(rollout, [], now)
  if (current === undefined) return { actions: revisionActions(rollout, { ...observed, now }) }
  const desired = desiredOf(deployment)
  if (desiredOf(current) !== desired) return moved(rollout, new Map([[current.metadata.name!, desired]]), now)
  return settled(rollout, now)
}

function oldPodsRun({ old, current }: Rollout, { pods }: ObservedDeployment): boolean {
  if (sum(old, ({ status }) => status?.replicas ?? 0) > 0) return true
  return [...pods].some(
    ([uid, list]) => uid !== current?.metadata.uid && list.some((pod) => !isFinished(pod)),
  )
}

function moved(rollout: Rollout, sizes: ReadonlyMap<string, number>, now: number): Plan<DeploymentAction> {
  const { actions, after } = applySizes(rollout, sizes, { annotate: false })
  return withStatus(after, actions, now)
}

function settled(rollout: Rollout, now: number): Plan<DeploymentAction> {
  const complete = isComplete(rollout.deployment, rollout.deployment['status'] ?? {})
  return withStatus(rollout, complete ? cleanup(rollout) : [], now)
}

function withStatus(rollout: Rollout, actions: DeploymentAction[], now: number): Plan<DeploymentAction> {
  const { deployment } = rollout
  const status = rolloutStatus(deployment, setsOf(rollout), now)
  const requeueAfterMs = deadlineInMs(deployment, status, now)
  return {
    actions: [...actions, ...writeStatus(deployment, status)],
    ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
  }
}

/** ReplicaSets of the new sizes; `annotate`: those that keep their size too are told the Deployment's. */
function applySizes(
  { deployment, current, old }: Rollout,
  sizes: ReadonlyMap<string, number>,
  { annotate }: { annotate: boolean },
): { actions: DeploymentAction[]; after: Rollout } {
  const actions: DeploymentAction[] = []
  const sized = (set: KubeObject): KubeObject => {
    const size = sizes.get(set.metadata.name!)
    if (size === undefined || (size === desiredOf(set) && !annotate)) return set
    const annotations = { ...set.metadata.annotations, ...sizeAnnotations(deployment) }
    const next = {
      ...set,
      metadata: { ...set.metadata, annotations },
      spec: { ...set['spec'], replicas: size },
    }
    if (deepEqual(next, set)) return set
    const [from, name] = [desiredOf(set), set.metadata.name]
    const event = `Scaled ${size > from ? 'up' : 'down'} replica set ${name} from ${from} to ${size}`
    actions.push({ type: 'updateSet', deployment, set: next, ...(size === from ? {} : { event }) })
    return next
  }
  return { after: { deployment, current: current && sized(current), old: old.map(sized) }, actions }
}

/** Old ReplicaSets beyond the history limit, the oldest revisions first, when nothing of them is left. */
function cleanup({ deployment, old }: Rollout): DeploymentAction[] {
  const limit = deployment['spec'].revisionHistoryLimit ?? UNLIMITED
  if (limit === UNLIMITED) return []
  const candidates = old.filter((set) => !isLeaving(set))
  const surplus = [...candidates]
    .sort((a, b) => revisionOf(a) - revisionOf(b) || olderFirst(a, b))
    .slice(0, Math.max(0, candidates.length - limit))
  return surplus
    .filter(
      ({ metadata, spec, status }) =>
        (status?.replicas ?? 0) === 0 &&
        spec.replicas === 0 &&
        (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0),
    )
    .map((set) => ({ type: 'deleteSet', deployment, set }))
}

function writeStatus(deployment: KubeObject, status: DeploymentStatus): DeploymentAction[] {
  return deepEqual(status, deployment['status']) ? [] : [{ type: 'setStatus', deployment, status }]
}

function setsOf({ current, old }: Rollout) {
  return { all: current === undefined ? old : [...old, current], current }
}

function active(sets: readonly KubeObject[]): KubeObject[] {
  return sets.filter((set) => desiredOf(set) > 0)
}
