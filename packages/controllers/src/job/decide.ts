// One round of a Job: count what ended, see whether that is the end, else make the pods what they should be.

import type { KubeObject } from '@brume/api/object'
import { fromStructured } from '@brume/api/selectors/structured'
import { formatTime } from '@brume/base/clock'
import { deepEqual } from '@brume/base/values'
import type { Plan } from '@brume/client/controller'
import type { EventText } from '@brume/client/event-recorder'
import { claim } from '../pod-control/claim.ts'
import { type Condition, findCondition, withoutCondition } from '../pod-control/conditions.ts'
import { isLeaving } from '../pod-control/owner.ts'
import { isActive, isReady } from '../pod-control/pod-state.ts'
import { type Account, account } from './account.ts'
import { type Backoff, nextBackoff } from './backoff.ts'
import { type Difference, difference, type NewPod } from './difference.ts'
import { indexText } from './index-set.ts'
import {
  completedCondition,
  conditionOf,
  conditionsOf,
  deadlineLeftMs,
  interimCondition,
  isJobFinished,
  isTrue,
} from './outcome.ts'
import { isIndexed, isPerIndex, isTerminating, isTracked } from './pods.ts'

export interface ObservedJob {
  /** undefined: it is gone, and its pods are to be let go. */
  job: KubeObject | undefined
  owned: readonly KubeObject[]
  orphans: readonly KubeObject[]
  /** Pods with our finalizer of a Job of that name that is not (any more) this one. */
  strays: readonly KubeObject[]
  backoff: Backoff
}

export type JobAction =
  | { type: 'adopt' | 'release'; job: KubeObject; pod: KubeObject }
  | { type: 'untrack'; pods: readonly KubeObject[] }
  | { type: 'setStatus'; job: KubeObject; status: object }
  | { type: 'deletePods'; job: KubeObject; pods: readonly KubeObject[] }
  | { type: 'createPods'; job: KubeObject; pods: readonly NewPod[] }
  | { type: 'remember'; job: KubeObject; backoff: Backoff }
  | { type: 'say'; job: KubeObject; text: EventText }

const NOTHING: Difference = { remove: [], create: [] }
const OURSELVES = 'kubernetes.io/job-controller'

export function decideJob(observed: ObservedJob, now: number): Plan<JobAction> {
  const { job, owned, orphans, strays } = observed
  if (job === undefined) return { actions: untrack(strays) }
  if ((job['spec'].managedBy ?? OURSELVES) !== OURSELVES) return { actions: untrack(strays) }
  if (isJobFinished(job)) return { actions: untrack([...strays, ...owned.filter(isTracked)]) }
  const selector = fromStructured(job['spec'].selector)
  const { claimed, adopt, release } = claim({ owner: job, selector, owned, orphans })
  const claims: JobAction[] = [
    ...adopt.map((pod) => ({ type: 'adopt' as const, job, pod })),
    ...release.map((pod) => ({ type: 'release' as const, job, pod })),
  ]
  // What was adopted has no finalizer yet and is looked at again when it has its owner.
  const adopted = new Set(adopt)
  const others = strays.filter((pod) => !adopted.has(pod))
  const pods = claimed.filter((pod) => !adopted.has(pod))
  const round = runRound({ job, pods, backoff: observed.backoff }, now)
  return { ...round, actions: [...claims, ...untrack(others), ...round.actions] }
}

function runRound(
  { job, pods, backoff: before }: { job: KubeObject; pods: readonly KubeObject[]; backoff: Backoff },
  now: number,
): Plan<JobAction> {
  const interimBefore = isTrue(job, 'FailureTarget') || isTrue(job, 'SuccessCriteriaMet')
  const leaving = isLeaving(job)
  let count = account(job, pods, interimBefore || leaving)
  const active = pods.filter(isActive)
  // Once each: when they are entered in the account.
  const entered = new Set(count.untrack)
  const ended = {
    succeeded: count.newSucceeded.filter((pod) => entered.has(pod)),
    failed: count.newFailed.filter((pod) => entered.has(pod)),
  }
  const backoff = nextBackoff(before, ended, now)
  let interim = interimCondition({ job, pods, count }, now)
  let change = NOTHING
  if (interim !== undefined) change = { remove: active, create: [] }
  else if (!leaving) {
    change = difference({ job, active, pods, count, backoff }, now)
    const remaining = active.length - change.remove.length + change.create.length
    interim = completedCondition(job, { succeeded: count.totalSucceeded, active: remaining }, now)
  }
  // Pods that are too many are not failures: they are let go first. Those of a Job that ends count.
  const dropped = interim === undefined ? change.remove.filter(isTracked) : []
  if (interim !== undefined && !interimBefore && !leaving) count = account(job, pods, true)
  const status = statusOf({ job, pods, count, interim }, now)
  const actions: JobAction[] = []
  if (!deepEqual(status, job['status'] ?? {})) actions.push({ type: 'setStatus', job, status })
  // After the status that counts them.
  if (!deepEqual(backoff, before)) actions.push({ type: 'remember', job, backoff })
  actions.push(...untrack([...count.untrack, ...dropped]), ...words(job, status))
  if (change.remove.length > 0) actions.push({ type: 'deletePods', job, pods: change.remove })
  if (change.create.length > 0) actions.push({ type: 'createPods', job, pods: change.create })
  const started = { ...job, status }
  const waits = [change.requeueAfterMs, interim === undefined ? deadlineLeftMs(started, now) : undefined]
  const requeueAfterMs = Math.min(...waits.filter((ms) => ms !== undefined))
  return {
    actions,
    ...(Number.isFinite(requeueAfterMs) ? { requeueAfterMs: Math.max(0, requeueAfterMs) } : {}),
  }
}

interface StatusOf {
  job: KubeObject
  pods: readonly KubeObject[]
  count: Account
  interim: Condition | undefined
}

function statusOf({ job, pods, count, interim }: StatusOf, now: number): Record<string, unknown> {
  const { spec, status: last = {} } = job
  const active = pods.filter(isActive)
  const terminating = pods.filter(isTerminating).length
  const { uncounted } = count
  let conditions = suspension(job, interim, now)
  let startTime: string | undefined = last.startTime ?? undefined
  const resumed = isTrue(job, 'Suspended') && findCondition(conditions, 'Suspended')?.status === 'False'
  if ((startTime === undefined && spec.suspend !== true) || resumed) startTime = formatTime(now)
  if (interim !== undefined && findCondition(conditions, interim.type)?.status !== 'True') {
    conditions = [...withoutCondition(conditions, interim.type), interim]
  }
  // The end is said when the interim condition was there before, and nothing is left to run, to go or to be counted.
  const has = interim !== undefined && isTrue(job, interim.type)
  const settled = active.length + terminating + uncounted.succeeded.length + uncounted.failed.length === 0
  const ends = has && settled && !pods.some(isTracked)
  if (ends) {
    const final = interim!.type === 'FailureTarget' ? 'Failed' : 'Complete'
    const { reason = '', message = '' } = interim!
    conditions = [...conditions, conditionOf(final, { reason, message }, now)]
    startTime ??= formatTime(now)
  }
  const complete = ends && interim!.type === 'SuccessCriteriaMet'
  const lists = {
    ...(uncounted.succeeded.length === 0 ? {} : { succeeded: uncounted.succeeded }),
    ...(uncounted.failed.length === 0 ? {} : { failed: uncounted.failed }),
  }
  return {
    ...(conditions.length === 0 ? {} : { conditions }),
    ...(startTime === undefined ? {} : { startTime }),
    ...(complete ? { completionTime: formatTime(Math.max(now, Date.parse(startTime!))) } : {}),
    ...(active.length === 0 ? {} : { active: active.length }),
    ...(count.succeeded === 0 ? {} : { succeeded: count.succeeded }),
    ...(count.failed === 0 ? {} : { failed: count.failed }),
    terminating,
    ...(isIndexed(job) && count.completedIndexes.size > 0
      ? { completedIndexes: indexText(count.completedIndexes) }
      : {}),
    ...(isPerIndex(job) ? { failedIndexes: indexText(count.failedIndexes) } : {}),
    uncountedTerminatedPods: lists,
    ready: active.filter(isReady).length,
  }
}

function suspension(job: KubeObject, interim: Condition | undefined, now: number): Condition[] {
  const conditions = conditionsOf(job)
  const suspended = job['spec'].suspend === true
  if (interim !== undefined || suspended === isTrue(job, 'Suspended')) return conditions
  const next = suspended
    ? conditionOf('Suspended', { reason: 'JobSuspended', message: 'Job suspended' }, now)
    : conditionOf('Suspended', { status: 'False', reason: 'JobResumed', message: 'Job resumed' }, now)
  return [...withoutCondition(conditions, 'Suspended'), next]
}

function words(job: KubeObject, status: Record<string, unknown>): JobAction[] {
  const next = { ...job, status }
  const turned = (type: string) => isTrue(job, type) !== isTrue(next, type)
  const say = (type: EventText['type'], reason: string, message: string): JobAction[] => [
    { type: 'say', job, text: { type, reason, message } },
  ]
  if (turned('Complete')) return say('Normal', 'Completed', 'Job completed')
  if (turned('Failed')) {
    const { reason = '', message = '' } = findCondition(conditionsOf(next), 'Failed')!
    return say('Warning', reason, message)
  }
  if (!turned('Suspended')) return []
  return isTrue(next, 'Suspended')
    ? say('Normal', 'Suspended', 'Job suspended')
    : say('Normal', 'Resumed', 'Job resumed')
}

function untrack(pods: readonly KubeObject[]): JobAction[] {
  return pods.length === 0 ? [] : [{ type: 'untrack', pods }]
}
