// Before replicas move: the ReplicaSet of the template exists, is the newest revision, and the Deployment says so.

import type { KubeObject } from '@brume/api/object'
import { deepEqual } from '@brume/base/values'
import { conditionAt, findCondition, setCondition } from '../pod-control/conditions.ts'
import { controllerOf } from '../pod-control/owner.ts'
import type { DeploymentAction, Rollout } from './decide.ts'
import { hasTemplate, nameOfNew, newAnnotations, newReplicaSet, nextRevision, REVISION } from './revisions.ts'
import { desiredOf } from './rollout.ts'
import { hasDeadline, TIMED_OUT } from './status.ts'

export interface Prepare {
  namesake?: KubeObject
  failure?: string
  now: number
}

const PROGRESSING = 'Progressing'
const CREATE_ERROR = 'ReplicaSetCreateError'
const PAUSED = 'DeploymentPaused'

/** Empty: all is prepared. */
export function revisionActions(rollout: Rollout, prepare: Prepare): DeploymentAction[] {
  return rollout.current === undefined ? createActions(rollout, prepare) : currentActions(rollout, prepare)
}

/** The status with the condition that pausing or resuming asks for, so that a pause does not count as no progress. */
export function pausedStatus(deployment: KubeObject, now: number): object | undefined {
  if (!hasDeadline(deployment)) return undefined
  const conditions = deployment['status']?.conditions ?? []
  const known = findCondition(conditions, PROGRESSING)
  const paused = deployment['spec'].paused === true
  if (known?.reason === TIMED_OUT || paused === (known?.reason === PAUSED)) return undefined
  const [reason, message] = paused
    ? [PAUSED, 'Deployment is paused']
    : ['DeploymentResumed', 'Deployment is resumed']
  const condition = conditionAt(now, { type: PROGRESSING, status: 'Unknown', reason, message })
  return { ...deployment['status'], conditions: setCondition(conditions, condition) }
}

function currentActions({ deployment, current, old }: Rollout, { now }: Prepare): DeploymentAction[] {
  const set = current!
  const annotations = newAnnotations(deployment, set, old)
  const minReadySeconds = deployment['spec'].minReadySeconds ?? 0
  if (
    !deepEqual(annotations, set.metadata.annotations ?? {}) ||
    minReadySeconds !== (set['spec'].minReadySeconds ?? 0)
  ) {
    const metadata = { ...set.metadata, annotations }
    const spec = { ...set['spec'], minReadySeconds }
    return [{ type: 'updateSet', deployment, set: { ...set, metadata, spec } }]
  }
  const known = findCondition(deployment['status']?.conditions ?? [], PROGRESSING)
  const { name } = set.metadata
  if (hasDeadline(deployment) && known === undefined) {
    const message = `Found new replica set "${name}"`
    return say(
      deployment,
      { reason: 'FoundNewReplicaSet', message },
      { revision: annotations[REVISION], now },
    )
  }
  if (known?.reason === CREATE_ERROR) {
    return say(deployment, created(name!), { revision: annotations[REVISION], now })
  }
  const revision = annotations[REVISION]
  if (revision === undefined || deployment.metadata.annotations?.[REVISION] === revision) return []
  return [{ type: 'setStatus', deployment, status: deployment['status'] ?? {}, revision }]
}

/** The status comes first: were it refused after the create, the rollout's deadline would not begin anew. */
function createActions(
  { deployment, old }: Rollout,
  { namesake, failure, now }: Prepare,
): DeploymentAction[] {
  if (namesake !== undefined) {
    const mine = controllerOf(namesake)?.uid === deployment.metadata.uid && hasTemplate(deployment, namesake)
    if (mine) return []
    const collisionCount = (deployment['status']?.collisionCount ?? 0) + 1
    return [{ type: 'setStatus', deployment, status: { ...deployment['status'], collisionCount } }]
  }
  const set = newReplicaSet(deployment, old)
  const name = nameOfNew(deployment)
  const revision = String(nextRevision(old))
  const create = { type: 'createSet' as const, deployment, set }
  if (!hasDeadline(deployment)) return [...say(deployment, undefined, { revision, now }), create]
  if (failure === undefined) return [...say(deployment, created(name), { revision, now }), create]
  const message = `Failed to create new replica set "${name}": ${failure}`
  return [...say(deployment, { status: 'False', reason: CREATE_ERROR, message }, { now }), create]
}

const created = (name: string) => ({
  reason: 'NewReplicaSetCreated',
  message: `Created new replica set "${name}"`,
})

function say(
  deployment: KubeObject,
  words: { status?: string; reason: string; message: string } | undefined,
  { revision, now }: { revision?: string | undefined; now: number },
): DeploymentAction[] {
  const last = deployment['status'] ?? {}
  const condition = words && conditionAt(now, { type: PROGRESSING, status: 'True', ...words })
  const conditions =
    condition === undefined ? last.conditions : setCondition(last.conditions ?? [], condition)
  const known = deployment.metadata.annotations?.[REVISION]
  const same = deepEqual(conditions, last.conditions) && (revision === undefined || revision === known)
  if (same) return []
  const status = conditions === undefined ? last : { ...last, conditions }
  return [{ type: 'setStatus', deployment, status, ...(revision === undefined ? {} : { revision }) }]
}

/** What the event about a new ReplicaSet says; undefined when it starts without pods. */
export function createdEvent(set: KubeObject): string | undefined {
  const size = desiredOf(set)
  return size === 0 ? undefined : `Scaled up replica set ${set.metadata.name} from 0 to ${size}`
}
