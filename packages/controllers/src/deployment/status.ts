// The status of a Deployment: counters, Available, and whether its rollout comes along.

import type { KubeObject } from '@brume/api/object'
import {
  type Condition,
  conditionAt,
  findCondition,
  setCondition,
  withoutCondition,
} from '../pod-control/conditions.ts'
import { timeOf } from '../pod-control/pod-state.ts'
import { counted } from '../replica-set/status.ts'
import { availableOf, boundsOf, desiredOf, sum } from './rollout.ts'

export interface DeploymentStatus {
  observedGeneration?: number
  replicas?: number
  updatedReplicas?: number
  readyReplicas?: number
  availableReplicas?: number
  unavailableReplicas?: number
  conditions?: Condition[]
  collisionCount?: number
}

export interface Sets {
  all: readonly KubeObject[]
  current: KubeObject | undefined
}

const PROGRESSING = 'Progressing'
const FAILURE = 'ReplicaFailure'
export const COMPLETE = 'NewReplicaSetAvailable'
export const TIMED_OUT = 'ProgressDeadlineExceeded'
const NO_DEADLINE = 2 ** 31 - 1

/** Counters and the Available condition. */
export function countedStatus(deployment: KubeObject, { all, current }: Sets, now: number): DeploymentStatus {
  const last: DeploymentStatus = deployment['status'] ?? {}
  const available = sum(all, availableOf)
  const enough = available >= desiredOf(deployment) - boundsOf(deployment).unavailable
  const condition = conditionAt(now, {
    type: 'Available',
    status: enough ? 'True' : 'False',
    reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: enough
      ? 'Deployment has minimum availability.'
      : 'Deployment does not have minimum availability.',
  })
  return {
    observedGeneration: deployment.metadata.generation!,
    ...counted(
      'replicas',
      sum(all, ({ status }) => status?.replicas ?? 0),
    ),
    ...counted('updatedReplicas', current?.['status']?.replicas ?? 0),
    ...counted(
      'readyReplicas',
      sum(all, ({ status }) => status?.readyReplicas ?? 0),
    ),
    ...counted('availableReplicas', available),
    ...counted('unavailableReplicas', Math.max(0, sum(all, desiredOf) - available)),
    conditions: setCondition(last.conditions ?? [], condition),
    ...(last.collisionCount === undefined ? {} : { collisionCount: last.collisionCount }),
  }
}

/** The status during a rollout: also Progressing and ReplicaFailure. */
export function rolloutStatus(deployment: KubeObject, sets: Sets, now: number): DeploymentStatus {
  const status = countedStatus(deployment, sets, now)
  let conditions = status.conditions!
  if (!hasDeadline(deployment)) conditions = withoutCondition(conditions, PROGRESSING)
  else conditions = progress(deployment, { status, current: sets.current }, now)
  const failure = replicaFailure(sets)
  conditions =
    failure === undefined
      ? withoutCondition(conditions, FAILURE)
      : setCondition(conditions, conditionAt(now, { ...failure }))
  return { ...status, conditions }
}

/** When a rollout that does not move must be looked at again. */
export function deadlineInMs(
  deployment: KubeObject,
  status: DeploymentStatus,
  now: number,
): number | undefined {
  const condition = findCondition(status.conditions ?? [], PROGRESSING)
  if (!hasDeadline(deployment) || condition === undefined || condition.reason === TIMED_OUT) return undefined
  if (isComplete(deployment, status)) return undefined
  const from = timeOf(condition.lastUpdateTime) ?? now
  return Math.max(0, from + deployment['spec'].progressDeadlineSeconds * 1000 - now) + 1000
}

export function hasDeadline({ spec }: KubeObject): boolean {
  const seconds = spec.progressDeadlineSeconds
  return seconds !== undefined && seconds !== null && seconds !== NO_DEADLINE
}

export function isComplete(deployment: KubeObject, status: DeploymentStatus): boolean {
  const desired = desiredOf(deployment)
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0, observedGeneration = 0 } = status
  return (
    updatedReplicas === desired &&
    replicas === desired &&
    availableReplicas === desired &&
    observedGeneration >= deployment.metadata.generation!
  )
}

interface Progress {
  status: DeploymentStatus
  current: KubeObject | undefined
}

function progress(deployment: KubeObject, { status, current }: Progress, now: number): Condition[] {
  const conditions = status.conditions!
  const known = findCondition(conditions, PROGRESSING)
  const { replicas = 0, updatedReplicas = 0 } = status
  if (replicas === updatedReplicas && known?.reason === COMPLETE) return conditions
  const subject =
    current === undefined
      ? `Deployment "${deployment.metadata.name}"`
      : `ReplicaSet "${current.metadata.name}"`
  const say = (value: 'True' | 'False', reason: string, message: string) =>
    conditionAt(now, { type: PROGRESSING, status: value, reason, message: `${subject} ${message}` })
  if (isComplete(deployment, status)) {
    return setCondition(conditions, say('True', COMPLETE, 'has successfully progressed.'))
  }
  if (isMoving(deployment['status'] ?? {}, status)) {
    const moving = say('True', 'ReplicaSetUpdated', 'is progressing.')
    const since = known?.status === 'True' ? known.lastTransitionTime : undefined
    const next = since === undefined ? moving : { ...moving, lastTransitionTime: since }
    return [...withoutCondition(conditions, PROGRESSING), next]
  }
  if (isTimedOut(deployment, known, now)) {
    return setCondition(conditions, say('False', TIMED_OUT, 'has timed out progressing.'))
  }
  return conditions
}

function isMoving(last: DeploymentStatus, next: DeploymentStatus): boolean {
  const old = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus) => replicas - updatedReplicas
  return (
    (next.updatedReplicas ?? 0) > (last.updatedReplicas ?? 0) ||
    old(next) < old(last) ||
    (next.readyReplicas ?? 0) > (last.readyReplicas ?? 0) ||
    (next.availableReplicas ?? 0) > (last.availableReplicas ?? 0)
  )
}

function isTimedOut({ spec }: KubeObject, condition: Condition | undefined, now: number): boolean {
  if (condition === undefined || condition.reason === COMPLETE) return false
  if (condition.reason === TIMED_OUT) return true
  const from = timeOf(condition.lastUpdateTime)
  return from !== undefined && from + spec.progressDeadlineSeconds * 1000 < now
}

function replicaFailure({ all, current }: Sets): Condition | undefined {
  for (const set of current === undefined ? all : [current, ...all]) {
    const failure = findCondition(set['status']?.conditions ?? [], FAILURE)
    if (failure !== undefined) return failure
  }
  return undefined
}
