// Whether a Job has come to its end, and how: first as an interim condition (its pods are then stopped), at last as a
// final one (KEP-3939, KEP-3998).

import type { KubeObject } from '@brume/api/object'
import { formatTime } from '@brume/base/clock'
import { type Condition, findCondition } from '../pod-control/conditions.ts'
import type { Account } from './account.ts'
import { judgeFailure } from './failure-policy.ts'
import { indexSet } from './index-set.ts'
import { isFailed, isIndexed, isPastRestarts, isPerIndex } from './pods.ts'

export function conditionsOf({ status }: KubeObject): Condition[] {
  return status?.conditions ?? []
}

export function isTrue(job: KubeObject, type: string): boolean {
  return findCondition(conditionsOf(job), type)?.status === 'True'
}

export function isJobFinished(job: KubeObject): boolean {
  return isTrue(job, 'Complete') || isTrue(job, 'Failed')
}

/** The interim condition that the Job has or gets now. */
export function interimCondition(
  { job, pods, count }: { job: KubeObject; pods: readonly KubeObject[]; count: Account },
  now: number,
): Condition | undefined {
  const has = conditionsOf(job).find(
    ({ type, status }) => status === 'True' && (type === 'SuccessCriteriaMet' || type === 'FailureTarget'),
  )
  if (has !== undefined) return has
  const failed = (reason: string, message: string) => conditionOf('FailureTarget', { reason, message }, now)
  for (const pod of job['spec'].podFailurePolicy ? pods : []) {
    const verdict = isFailed(job, pod) ? judgeFailure(job, pod) : undefined
    if (verdict?.action === 'FailJob') return failed('PodFailurePolicy', verdict.message!)
  }
  const { backoffLimit, maxFailedIndexes, completions } = job['spec']
  if (count.totalFailed > (backoffLimit ?? 6) || isPastRestarts(job, pods)) {
    return failed('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  }
  const leftMs = deadlineLeftMs(job, now)
  if (leftMs !== undefined && leftMs <= 0) {
    return failed('DeadlineExceeded', 'Job was active longer than specified deadline')
  }
  if (isPerIndex(job)) {
    const { failedIndexes, completedIndexes } = count
    if (typeof maxFailedIndexes === 'number' && failedIndexes.size > maxFailedIndexes) {
      const message = 'Job has exceeded the specified maximal number of failed indexes'
      return failed('MaxFailedIndexesExceeded', message)
    }
    if (failedIndexes.size > 0 && failedIndexes.size + completedIndexes.size >= completions) {
      return failed('FailedIndexes', 'Job has failed indexes')
    }
  }
  const rule = isIndexed(job) ? matchedSuccessRule(job, count.completedIndexes) : undefined
  if (rule === undefined) return undefined
  const message = `Matched rules at index ${rule}`
  return conditionOf('SuccessCriteriaMet', { reason: 'SuccessPolicy', message }, now)
}

/** Set when as many pods as wanted have succeeded and none runs any more. */
export function completedCondition(
  job: KubeObject,
  { succeeded, active }: { succeeded: number; active: number },
  now: number,
): Condition | undefined {
  const { completions } = job['spec']
  const enough = typeof completions === 'number' ? succeeded >= completions : succeeded > 0
  if (!enough || active > 0) return undefined
  const message = 'Reached expected number of succeeded pods'
  return conditionOf('SuccessCriteriaMet', { reason: 'CompletionsReached', message }, now)
}

/** undefined: there is no deadline, or its time does not run. */
export function deadlineLeftMs({ spec, status }: KubeObject, now: number): number | undefined {
  if (typeof spec.activeDeadlineSeconds !== 'number' || spec.suspend === true) return undefined
  if (!status?.startTime) return undefined
  return Date.parse(status.startTime) + spec.activeDeadlineSeconds * 1000 - now
}

export function conditionOf(
  type: string,
  { reason, message, status = 'True' }: { reason: string; message: string; status?: string },
  now: number,
): Condition {
  const time = formatTime(now)
  return { type, status, reason, message, lastTransitionTime: time, lastProbeTime: time } as Condition
}

function matchedSuccessRule({ spec }: KubeObject, done: ReadonlySet<number>): number | undefined {
  const rules: { succeededIndexes?: string; succeededCount?: number }[] = spec.successPolicy?.rules ?? []
  const found = rules.findIndex(({ succeededIndexes, succeededCount }) => {
    if (typeof succeededIndexes !== 'string') return done.size >= (succeededCount ?? Number.POSITIVE_INFINITY)
    const wanted = indexSet(succeededIndexes, spec.completions)
    const met = [...wanted].filter((index) => done.has(index)).length
    return met >= (succeededCount ?? wanted.size)
  })
  return found < 0 ? undefined : found
}
