// Which pods of a running Job are missing or too many.

import type { KubeObject } from '@brume/api/object'
import { podsToDelete } from '../pod-control/pod-order.ts'
import { type Account, failures } from './account.ts'
import { type Backoff, backoffLeftMs } from './backoff.ts'
import { indexOf } from './index-set.ts'
import {
  countOf,
  endedAt,
  FAILURE_COUNT,
  hasValidIndex,
  IGNORED_COUNT,
  isFailed,
  isIgnored,
  isIndexed,
  isPerIndex,
  isTerminating,
  replacesOnlyFailed,
} from './pods.ts'

export interface NewPod {
  index?: number
  annotations?: Record<string, string>
}

export interface Difference {
  remove: readonly KubeObject[]
  create: readonly NewPod[]
  requeueAfterMs?: number
}

export interface DifferenceOptions {
  job: KubeObject
  active: readonly KubeObject[]
  pods: readonly KubeObject[]
  count: Account
  backoff: Backoff
}

/** Pods made or deleted in one round. */
const BURST = 500

export function difference(options: DifferenceOptions, now: number): Difference {
  const { job, active, pods, count, backoff } = options
  const { suspend, parallelism = 1, completions } = job['spec']
  if (suspend === true) return { remove: active.slice(0, BURST), create: [] }
  const left = Math.max(0, (completions ?? 0) - count.totalSucceeded)
  const open = count.totalSucceeded > 0 ? active.length : parallelism
  const wanted = typeof completions === 'number' ? Math.min(parallelism, left) : open
  const remove = surplus(job, active, { wanted, now })
  if (remove.length > 0) return { remove: remove.slice(0, BURST), create: [] }
  const leaving = replacesOnlyFailed(job) ? pods.filter(isTerminating) : []
  const missing = Math.min(BURST, wanted - active.length - leaving.length)
  if (missing <= 0) return { remove: [], create: [] }
  if (isPerIndex(job)) return perIndex(options, { missing, leaving }, now)
  const waitMs = backoffLeftMs(backoff, now)
  if (waitMs > 0) return { remove: [], create: [], requeueAfterMs: waitMs }
  if (!isIndexed(job)) return { remove: [], create: Array.from({ length: missing }, () => ({})) }
  const create = pendingIndexes(options, leaving)
    .slice(0, missing)
    .map((index) => ({ index }))
  return { remove: [], create }
}

/** Pods without a place (no index, or one that another has) first. */
function surplus(
  job: KubeObject,
  active: readonly KubeObject[],
  { wanted, now }: { wanted: number; now: number },
): KubeObject[] {
  const misplaced: KubeObject[] = []
  const taken = new Map<number, KubeObject[]>()
  if (isIndexed(job)) {
    for (const pod of active) {
      if (!hasValidIndex(job, pod)) misplaced.push(pod)
      else taken.set(indexOf(pod)!, [...(taken.get(indexOf(pod)!) ?? []), pod])
    }
    for (const same of taken.values()) {
      if (same.length > 1) misplaced.push(...podsToDelete(same, same.length - 1, { related: [], now }))
    }
  }
  const more = active.length - wanted - misplaced.length
  if (more <= 0) return misplaced
  const placed = active.filter((pod) => !misplaced.includes(pod))
  return [...misplaced, ...podsToDelete(placed, more, { related: [], now })]
}

function pendingIndexes({ job, active, count }: DifferenceOptions, leaving: readonly KubeObject[]): number[] {
  const taken = new Set([...active, ...leaving].map(indexOf))
  const indexes: number[] = []
  for (let index = 0; index < job['spec'].completions; index++) {
    if (taken.has(index) || count.completedIndexes.has(index) || count.failedIndexes.has(index)) continue
    indexes.push(index)
  }
  return indexes
}

/** Each index waits for itself, by its own failures. */
function perIndex(
  options: DifferenceOptions,
  { missing, leaving }: { missing: number; leaving: readonly KubeObject[] },
  now: number,
): Difference {
  const { job, pods } = options
  const last = new Map<number, KubeObject>()
  for (const pod of pods) {
    const index = indexOf(pod)
    if (index === undefined || !isFailed(job, pod)) continue
    const known = last.get(index)
    if (known === undefined || failures(pod) > failures(known)) last.set(index, pod)
  }
  const create: NewPod[] = []
  const waits: number[] = []
  for (const index of pendingIndexes(options, leaving)) {
    const failed = last.get(index)
    const counts = countsAfter(job, failed)
    const past = { failures: counts.failed, lastFailureAt: failed === undefined ? 0 : endedAt(failed, now) }
    const waitMs = backoffLeftMs(past, now)
    if (waitMs > 0) waits.push(waitMs)
    else if (create.length < missing) {
      const annotations: Record<string, string> = { [FAILURE_COUNT]: String(counts.failed) }
      if (counts.ignored > 0) annotations[IGNORED_COUNT] = String(counts.ignored)
      create.push({ index, annotations })
    }
  }
  return { remove: [], create, ...(waits.length === 0 ? {} : { requeueAfterMs: Math.min(...waits) }) }
}

function countsAfter(job: KubeObject, failed: KubeObject | undefined): { failed: number; ignored: number } {
  if (failed === undefined) return { failed: 0, ignored: 0 }
  const ignore = isIgnored(job, failed)
  return {
    failed: countOf(failed, FAILURE_COUNT) + (ignore ? 0 : 1),
    ignored: countOf(failed, IGNORED_COUNT) + (ignore ? 1 : 0),
  }
}
