// Counting ended pods exactly once (KEP-2307): a pod's uid is written to the status before its finalizer is taken, and
// counted when the finalizer is gone. Succeeded indexes need no list of uids: the set of indexes is exact by itself.

import type { KubeObject } from '@brume/api/object'
import { judgeFailure } from './failure-policy.ts'
import { indexOf, indexSet } from './index-set.ts'
import {
  countOf,
  FAILURE_COUNT,
  hasValidIndex,
  IGNORED_COUNT,
  isFailed,
  isIgnored,
  isIndexed,
  isPerIndex,
  isSucceeded,
  isTracked,
} from './pods.ts'

export interface Account {
  /** For the status: pods that are counted for good. */
  succeeded: number
  failed: number
  uncounted: { succeeded: string[]; failed: string[] }
  completedIndexes: Set<number>
  failedIndexes: Set<number>
  /** What decisions are made by: with pods that are yet to be counted. */
  totalSucceeded: number
  totalFailed: number
  /** Their finalizer may go once the status is written. */
  untrack: KubeObject[]
  newSucceeded: KubeObject[]
  newFailed: KubeObject[]
}

/** Pods in one status. */
const MAX_UNCOUNTED = 500

/** `ending`: no pod is waited for to be replaced any more. */
export function account(job: KubeObject, pods: readonly KubeObject[], ending: boolean): Account {
  const { status = {}, spec } = job
  const tracked = new Map(pods.filter(isTracked).map((pod) => [pod.metadata.uid!, pod]))
  const before = {
    succeeded: (status.uncountedTerminatedPods?.succeeded ?? []) as string[],
    failed: (status.uncountedTerminatedPods?.failed ?? []) as string[],
  }
  const pending = (uids: string[]) => uids.filter((uid) => tracked.has(uid))
  const uncounted = { succeeded: pending(before.succeeded), failed: pending(before.failed) }
  const result: Account = {
    succeeded: (status.succeeded ?? 0) + before.succeeded.length - uncounted.succeeded.length,
    failed: (status.failed ?? 0) + before.failed.length - uncounted.failed.length,
    uncounted,
    completedIndexes: indexSet(status.completedIndexes, spec.completions ?? 0),
    failedIndexes: indexSet(status.failedIndexes, spec.completions ?? 0),
    totalSucceeded: 0,
    totalFailed: 0,
    untrack: [],
    newSucceeded: [],
    newFailed: [],
  }
  const listed = new Set([...uncounted.succeeded, ...uncounted.failed])
  const fresh = [...tracked.values()].filter(({ metadata }) => !listed.has(metadata.uid!))
  for (const uid of listed) result.untrack.push(tracked.get(uid)!)
  result.newSucceeded = fresh.filter((pod) => isSucceeded(pod) && hasValidIndex(job, pod))
  result.newFailed = fresh.filter((pod) => isFailed(job, pod) && hasValidIndex(job, pod))
  if (isIndexed(job)) {
    for (const pod of result.newSucceeded) result.completedIndexes.add(indexOf(pod)!)
    for (const index of result.completedIndexes) result.failedIndexes.delete(index)
    if (isPerIndex(job)) failIndexes(job, result)
  }
  const counted = result.newFailed.filter((pod) => !isIgnored(job, pod))
  result.totalSucceeded = isIndexed(job)
    ? result.completedIndexes.size
    : result.succeeded + uncounted.succeeded.length + result.newSucceeded.length
  result.totalFailed = result.failed + uncounted.failed.length + counted.length
  enlist(job, fresh, { result, ending })
  if (isIndexed(job)) result.succeeded = result.completedIndexes.size
  return result
}

/** Moves new pods to `uncounted`, as far as there is room. */
function enlist(
  job: KubeObject,
  fresh: readonly KubeObject[],
  { result, ending }: { result: Account; ending: boolean },
): void {
  const { uncounted } = result
  for (const pod of fresh) {
    const ended = isSucceeded(pod) || isFailed(job, pod)
    if (!ended && job.metadata.deletionTimestamp === undefined) continue
    if (!ending && isFailed(job, pod) && isPerIndex(job) && isLastOfIndex(job, pod, fresh, result)) continue
    if (uncounted.succeeded.length + uncounted.failed.length >= MAX_UNCOUNTED) return
    result.untrack.push(pod)
    if (!hasValidIndex(job, pod)) continue
    if (isSucceeded(pod)) {
      if (!isIndexed(job)) uncounted.succeeded.push(pod.metadata.uid!)
    } else if (isFailed(job, pod) && !isIgnored(job, pod)) {
      uncounted.failed.push(pod.metadata.uid!)
    }
  }
}

function failIndexes(job: KubeObject, result: Account): void {
  for (const pod of result.newFailed) {
    const index = indexOf(pod)!
    const { action } = judgeFailure(job, pod)
    if (action === 'Ignore' || result.completedIndexes.has(index)) continue
    const over = countOf(pod, FAILURE_COUNT) >= job['spec'].backoffLimitPerIndex
    if (action === 'FailIndex' || over) result.failedIndexes.add(index)
  }
}

/** The pod that knows how often its index has failed stays until another knows it. */
function isLastOfIndex(
  job: KubeObject,
  pod: KubeObject,
  pods: readonly KubeObject[],
  { completedIndexes, failedIndexes }: Account,
): boolean {
  const index = indexOf(pod)
  if (index === undefined || !hasValidIndex(job, pod)) return false
  if (completedIndexes.has(index) || failedIndexes.has(index)) return false
  return !pods.some((other) => other !== pod && indexOf(other) === index && failures(other) > failures(pod))
}

export function failures(pod: KubeObject): number {
  return countOf(pod, FAILURE_COUNT) + countOf(pod, IGNORED_COUNT)
}
