// The pods of a Job by what they mean for it.

import type { KubeObject } from '@brume/api/object'
import { isLeaving } from '../pod-control/owner.ts'
import { isActive, isFinished, phaseOf, podCondition, timeOf } from '../pod-control/pod-state.ts'
import { containerStatuses, judgeFailure } from './failure-policy.ts'
import { indexOf } from './index-set.ts'

export const TRACKING = 'batch.kubernetes.io/job-tracking'
export const FAILURE_COUNT = 'batch.kubernetes.io/job-index-failure-count'
export const IGNORED_COUNT = 'batch.kubernetes.io/job-index-ignored-failure-count'

export function isTracked({ metadata }: KubeObject): boolean {
  return metadata.finalizers?.includes(TRACKING) ?? false
}

export function isIndexed({ spec }: KubeObject): boolean {
  return spec.completionMode === 'Indexed'
}

export function isPerIndex({ spec }: KubeObject): boolean {
  return typeof spec.backoffLimitPerIndex === 'number'
}

/** A pod that is being deleted is replaced only when it has ended. */
export function replacesOnlyFailed({ spec }: KubeObject): boolean {
  return spec.podReplacementPolicy === 'Failed' || (spec.podFailurePolicy ?? undefined) !== undefined
}

export function isSucceeded(pod: KubeObject): boolean {
  return phaseOf(pod) === 'Succeeded'
}

export function isFailed(job: KubeObject, pod: KubeObject): boolean {
  if (phaseOf(pod) === 'Failed') return true
  return !replacesOnlyFailed(job) && isLeaving(pod) && !isSucceeded(pod)
}

export function isIgnored(job: KubeObject, pod: KubeObject): boolean {
  return judgeFailure(job, pod).action === 'Ignore'
}

/** It is being deleted and has not ended. */
export function isTerminating(pod: KubeObject): boolean {
  return isLeaving(pod) && !isFinished(pod)
}

export function hasValidIndex(job: KubeObject, pod: KubeObject): boolean {
  const index = indexOf(pod)
  return !isIndexed(job) || (index !== undefined && index < job['spec'].completions)
}

export function countOf({ metadata }: KubeObject, annotation: string): number {
  const count = Number(metadata.annotations?.[annotation] ?? 0)
  return Number.isInteger(count) ? count : 0
}

/** When a pod ended, as well as can be known. */
export function endedAt(pod: KubeObject, now: number): number {
  const ends = containerStatuses(pod).map(({ state }) => timeOf(state?.terminated?.finishedAt))
  const known = ends.filter((time) => time !== undefined)
  if (known.length > 0 && known.length === ends.length) return Math.max(...known)
  const ready = podCondition(pod, 'Ready')
  const unready = ready?.status === 'False' ? timeOf(ready.lastTransitionTime) : undefined
  const { deletionTimestamp, creationTimestamp } = pod.metadata
  return unready ?? timeOf(deletionTimestamp) ?? timeOf(creationTimestamp) ?? now
}

/** Restarts of containers count against the limit where pods restart them in place. */
export function isPastRestarts(job: KubeObject, pods: readonly KubeObject[]): boolean {
  if (job['spec'].template.spec.restartPolicy !== 'OnFailure') return false
  const statuses = pods.filter(isActive).flatMap((pod) => containerStatuses(pod))
  const restarts = statuses.reduce((sum, status) => {
    return sum + ((status as { restartCount?: number }).restartCount ?? 0)
  }, 0)
  const limit = job['spec'].backoffLimit
  return limit === 0 ? restarts > 0 : restarts >= limit
}
