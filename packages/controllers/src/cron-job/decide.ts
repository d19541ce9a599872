// What a CronJob does now: which of its Jobs are over, which are too old to keep, and whether one is due. Rules:
// Kubernetes' documentation of CronJobs (version 2 of its controller).

import { type CronSchedule, parseCron } from '@brume/api/kinds/batch/cron'
import type { KubeObject } from '@brume/api/object'
import { formatTime } from '@brume/base/clock'
import { deepClone, deepEqual } from '@brume/base/values'
import type { Plan } from '@brume/client/controller'
import type { EventText } from '@brume/client/event-recorder'
import { isJobFinished, isTrue } from '../job/outcome.ts'
import { controllerReference, isLeaving } from '../pod-control/owner.ts'
import { timeOf } from '../pod-control/pod-state.ts'
import { isTimeZone, nextTime } from './schedule.ts'

export interface ObservedCronJob {
  cronJob: KubeObject
  jobs: readonly KubeObject[]
}

export type CronJobAction =
  | { type: 'say'; cronJob: KubeObject; text: EventText }
  | { type: 'createJob'; cronJob: KubeObject; job: KubeObject }
  | { type: 'deleteJob'; cronJob: KubeObject; job: KubeObject }
  | { type: 'setStatus'; cronJob: KubeObject; status: object }

interface Reference {
  kind: string
  namespace: string
  name: string
  uid: string
  apiVersion: string
  resourceVersion?: string
}

/** So that a clock that is a little behind does not find the next run before its time. */
const SKEW_MS = 100
const TOO_MANY_MISSED = 100
const MINUTE_MS = 60_000
const SCHEDULED_AT = 'batch.kubernetes.io/cronjob-scheduled-timestamp'
const KIND = { apiVersion: 'batch/v1', kind: 'CronJob' }

export function decideCronJob({ cronJob, jobs }: ObservedCronJob, now: number): Plan<CronJobAction> {
  const { spec, status = {} } = cronJob
  const actions: CronJobAction[] = []
  const say = (type: EventText['type'], reason: string, message: string) =>
    void actions.push({ type: 'say', cronJob, text: { type, reason, message } })
  const expired = history(cronJob, jobs)
  for (const job of expired) actions.push({ type: 'deleteJob', cronJob, job })
  const known = new Map(jobs.map((job) => [job.metadata.uid!, job]))
  let lastSuccess = timeOf(status.lastSuccessfulTime)
  const active = ((status.active ?? []) as Reference[]).filter(({ uid, name }) => {
    const job = known.get(uid)
    if (job !== undefined && !isJobFinished(job)) return true
    if (job === undefined) say('Normal', 'MissingJob', `Active job went missing: ${name}`)
    return false
  })
  for (const job of jobs) {
    const { uid, name } = job.metadata
    const listed = ((status.active ?? []) as Reference[]).some((reference) => reference.uid === uid)
    if (isJobFinished(job)) {
      if (listed) {
        const outcome = isTrue(job, 'Complete') ? 'Complete' : 'Failed'
        say('Normal', 'SawCompletedJob', `Saw completed job: ${name}, condition: ${outcome}`)
      }
      const completed = isTrue(job, 'Complete') ? timeOf(job['status'].completionTime) : undefined
      if (completed !== undefined && completed > (lastSuccess ?? 0)) lastSuccess = completed
    } else if (!listed) active.push(referenceTo(job))
  }
  const next = {
    active,
    lastSuccess,
    lastSchedule: timeOf(status.lastScheduleTime),
  }
  const requeueAfterMs =
    isLeaving(cronJob) || spec.suspend === true ? undefined : run({ cronJob, jobs, next, actions, say }, now)
  const wanted = {
    ...(next.active.length === 0 ? {} : { active: next.active }),
    ...(next.lastSchedule === undefined ? {} : { lastScheduleTime: formatTime(next.lastSchedule) }),
    ...(next.lastSuccess === undefined ? {} : { lastSuccessfulTime: formatTime(next.lastSuccess) }),
  }
  if (!deepEqual(wanted, status)) actions.push({ type: 'setStatus', cronJob, status: wanted })
  return { actions, ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }) }
}

interface Run {
  cronJob: KubeObject
  jobs: readonly KubeObject[]
  next: { active: Reference[]; lastSchedule: number | undefined }
  actions: CronJobAction[]
  say(type: EventText['type'], reason: string, message: string): void
}

/** Adds what is due; gives how long until something may be due again. */
function run({ cronJob, jobs, next, actions, say }: Run, now: number): number | undefined {
  const { spec } = cronJob
  const timeZone = zoneOf(spec)
  if (!isTimeZone(timeZone)) {
    say('Warning', 'UnknownTimeZone', `invalid timeZone: ${JSON.stringify(timeZone)}`)
    return undefined
  }
  const schedule = parseCron(spec.schedule)
  const { due, missed } = mostRecent({ cronJob, schedule, timeZone, last: next.lastSchedule }, now)
  const upcoming = nextTime(schedule, now, timeZone)
  const untilNext = upcoming === undefined ? undefined : upcoming - now + SKEW_MS
  if (missed > TOO_MANY_MISSED) {
    say(
      'Warning',
      'TooManyMissedTimes',
      `too many missed start times: ${missed}. Set or decrease .spec.startingDeadlineSeconds or check clock skew`,
    )
  }
  if (due === undefined) return untilNext
  const deadline = spec.startingDeadlineSeconds
  if (typeof deadline === 'number' && due + deadline * 1000 < now) {
    say('Warning', 'MissSchedule', `Missed scheduled time to start a job: ${formatTime(due)}`)
    return untilNext
  }
  const job = jobOf(cronJob, due)
  const made = jobs.some(({ metadata }) => metadata.name === job.metadata.name)
  if (made) {
    next.lastSchedule = due
    return untilNext
  }
  if (spec.concurrencyPolicy === 'Forbid' && next.active.length > 0) {
    say(
      'Normal',
      'JobAlreadyActive',
      'Not starting job because prior execution is running and concurrency policy is Forbid',
    )
    return untilNext
  }
  if (spec.concurrencyPolicy === 'Replace') {
    for (const { uid } of next.active) {
      const old = jobs.find(({ metadata }) => metadata.uid === uid)
      if (old !== undefined) actions.push({ type: 'deleteJob', cronJob, job: old })
    }
    next.active = []
  }
  actions.push({ type: 'createJob', cronJob, job })
  // The Job's own event puts it on the list of active ones.
  next.lastSchedule = due
  return untilNext
}

interface Recent {
  cronJob: KubeObject
  schedule: CronSchedule
  timeZone: string
  last: number | undefined
}

/** The last time that has come since the last run, and how many came; long gaps are measured, not walked through. */
function mostRecent(
  { cronJob, schedule, timeZone, last }: Recent,
  now: number,
): { due: number | undefined; missed: number } {
  const deadline = cronJob['spec'].startingDeadlineSeconds
  let earliest = last ?? timeOf(cronJob.metadata.creationTimestamp) ?? now
  if (typeof deadline === 'number') earliest = Math.max(earliest, now - deadline * 1000)
  const nothing = { due: undefined, missed: 0 }
  if (earliest > now) return nothing
  const first = nextTime(schedule, earliest, timeZone)
  if (first === undefined || first > now) return nothing
  const second = nextTime(schedule, first, timeZone)
  if (second === undefined || second > now) return { due: first, missed: 1 }
  // The period may vary (working days), so that only the last stretch is walked.
  let due = first
  let missed = 1
  if (schedule.everyMs !== undefined) {
    missed = Math.floor((now - first) / schedule.everyMs) + 1
    return { due: first + (missed - 1) * schedule.everyMs, missed }
  }
  for (let time: number | undefined = second; time !== undefined && time <= now; ) {
    due = time
    missed++
    if (missed > TOO_MANY_MISSED) return { due: lastBefore(schedule, { now, timeZone, from: due }), missed }
    time = nextTime(schedule, time, timeZone)
  }
  return { due, missed }
}

/** Looks back from now in growing steps. */
function lastBefore(
  schedule: CronSchedule,
  { now, timeZone, from }: { now: number; timeZone: string; from: number },
): number {
  for (let back = MINUTE_MS; now - back > from; back *= 2) {
    let time = nextTime(schedule, now - back, timeZone)
    if (time === undefined || time > now) continue
    for (;;) {
      const after: number | undefined = nextTime(schedule, time, timeZone)
      if (after === undefined || after > now) return time
      time = after
    }
  }
  let time = from
  for (let after = nextTime(schedule, time, timeZone); after !== undefined && after <= now; ) {
    time = after
    after = nextTime(schedule, time, timeZone)
  }
  return time
}

function zoneOf({ timeZone, schedule }: KubeObject['spec']): string {
  const inline = /^(?:TZ|CRON_TZ)=(\S*)/.exec(schedule)?.[1]
  return timeZone ?? inline ?? 'UTC'
}

/** Named after the minute, so that one time makes one Job. */
function jobOf(cronJob: KubeObject, scheduledAt: number): KubeObject {
  const { name, namespace } = cronJob.metadata
  const { metadata = {}, spec } = cronJob['spec'].jobTemplate
  const timeZone = cronJob['spec'].timeZone
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `${name}-${Math.floor(scheduledAt / MINUTE_MS)}`,
      namespace: namespace!,
      ...(metadata?.labels ? { labels: { ...metadata.labels } } : {}),
      annotations: { ...metadata?.annotations, [SCHEDULED_AT]: stampOf(scheduledAt, timeZone) },
      ownerReferences: [controllerReference(cronJob, KIND)],
    },
    spec: deepClone(spec),
  }
}

/** RFC 3339 in the CronJob's own zone. */
function stampOf(time: number, timeZone: string | undefined): string {
  if (timeZone === undefined || timeZone === null) return formatTime(time)
  const parts = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
  }).format(time)
  const wall = Date.parse(`${parts.replace(' ', 'T')}Z`)
  const minutes = Math.round((wall - time) / MINUTE_MS)
  if (minutes === 0) return formatTime(time)
  const two = (value: number) => String(Math.trunc(value)).padStart(2, '0')
  const size = Math.abs(minutes)
  return `${formatTime(wall).slice(0, -1)}${minutes < 0 ? '-' : '+'}${two(size / 60)}:${two(size % 60)}`
}

/** Finished Jobs beyond what is to be kept, the oldest first. */
function history({ spec }: KubeObject, jobs: readonly KubeObject[]): KubeObject[] {
  const beyond = (type: string, limit: number | undefined) => {
    if (typeof limit !== 'number') return []
    const finished = jobs.filter((job) => isTrue(job, type) && !isLeaving(job)).sort(byStart)
    return finished.slice(0, Math.max(0, finished.length - limit))
  }
  return [
    ...beyond('Complete', spec.successfulJobsHistoryLimit),
    ...beyond('Failed', spec.failedJobsHistoryLimit),
  ]
}

function byStart(a: KubeObject, b: KubeObject): number {
  const start = ({ status }: KubeObject) => timeOf(status?.startTime) ?? Number.POSITIVE_INFINITY
  return start(a) - start(b) || (a.metadata.name! < b.metadata.name! ? -1 : 1)
}

function referenceTo({ metadata }: KubeObject): Reference {
  const { namespace = '', name = '', uid = '', resourceVersion = '' } = metadata
  return { kind: 'Job', namespace, name, uid, apiVersion: 'batch/v1', resourceVersion }
}
