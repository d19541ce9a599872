// The status of a ReplicaSet or ReplicationController.

import type { KubeObject } from '@brume/api/object'
import { fromMap } from '@brume/api/selectors/structured'
import { formatTime } from '@brume/base/clock'
import { type Condition, findCondition, withoutCondition } from '../pod-control/conditions.ts'
import { isAvailable, isReady } from '../pod-control/pod-state.ts'

export interface StatusOf {
  replicaSet: KubeObject
  pods: readonly KubeObject[]
  failure: string | undefined
}

const FAILURE = 'ReplicaFailure'

export function replicaSetStatus(
  { replicaSet, pods, failure }: StatusOf,
  now: number,
): Record<string, unknown> {
  const { spec, status: last } = replicaSet
  const labels = fromMap(spec.template?.metadata?.labels)
  const ready = pods.filter(isReady)
  const available = ready.filter((pod) => isAvailable(pod, spec.minReadySeconds ?? 0, now))
  const conditions = failureCondition(
    last?.conditions ?? [],
    { failure, missing: (spec.replicas ?? 1) - pods.length },
    now,
  )
  return {
    replicas: pods.length,
    ...counted('fullyLabeledReplicas', pods.filter(({ metadata }) => labels.matches(metadata.labels)).length),
    ...counted('readyReplicas', ready.length),
    ...counted('availableReplicas', available.length),
    observedGeneration: replicaSet.metadata.generation,
    ...(conditions.length === 0 ? {} : { conditions }),
  }
}

/** Counters that are zero are absent, as Go's omitempty has it. */
export function counted(name: string, count: number): Record<string, number> {
  return count === 0 ? {} : { [name]: count }
}

function failureCondition(
  conditions: readonly Condition[],
  { failure, missing }: { failure: string | undefined; missing: number },
  now: number,
): Condition[] {
  if (failure === undefined) return withoutCondition(conditions, FAILURE)
  if (findCondition(conditions, FAILURE) !== undefined || missing === 0) return [...conditions]
  const reason = missing > 0 ? 'FailedCreate' : 'FailedDelete'
  const lastTransitionTime = formatTime(now)
  return [...conditions, { type: FAILURE, status: 'True', lastTransitionTime, reason, message: failure }]
}
