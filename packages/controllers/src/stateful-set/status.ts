// The status of a StatefulSet.

import type { KubeObject } from '@brume/api/object'
import { REVISION_HASH } from '../pod-control/history.ts'
import { isLeaving } from '../pod-control/owner.ts'
import { isAvailable, isReady, phaseOf } from '../pod-control/pod-state.ts'
import { counted } from '../replica-set/status.ts'

export interface Revisions {
  /** Names of ControllerRevisions: what runs, and what it becomes. */
  current: string
  update: string
}

export const revisionOf = ({ metadata }: KubeObject): string | undefined => metadata.labels?.[REVISION_HASH]

export const isRunningReady = (pod: KubeObject): boolean => phaseOf(pod) === 'Running' && isReady(pod)

export function statefulSetStatus(
  set: KubeObject,
  pods: readonly KubeObject[],
  { current, update }: Revisions,
  now: number,
): Record<string, unknown> {
  const { spec, status: last, metadata } = set
  const ready = pods.filter(isRunningReady)
  const available = ready.filter((pod) => isAvailable(pod, spec.minReadySeconds ?? 0, now)).length
  const of = (revision: string) =>
    pods.filter((pod) => !isLeaving(pod) && revisionOf(pod) === revision).length
  const updated = of(update)
  const done =
    spec.updateStrategy?.type === 'RollingUpdate' && updated === pods.length && ready.length === pods.length
  return {
    observedGeneration: metadata.generation,
    replicas: pods.length,
    ...counted('readyReplicas', ready.length),
    ...counted('currentReplicas', done ? updated : of(current)),
    ...counted('updatedReplicas', updated),
    currentRevision: done ? update : current,
    updateRevision: update,
    collisionCount: last?.collisionCount ?? 0,
    availableReplicas: available,
    ...(last?.conditions === undefined ? {} : { conditions: last.conditions }),
  }
}
