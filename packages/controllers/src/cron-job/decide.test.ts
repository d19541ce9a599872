import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseCron } from '@brume/api/kinds/batch/cron'
import type { KubeObject } from '@brume/api/object'
import { seededRandom } from '@brume/base/seeded-random'
import { decideCronJob } from './decide.ts'
import { nextTime } from './schedule.ts'

const NOW = Date.UTC(2026, 0, 1, 12, 0, 30)
const text = (time: number) => new Date(time).toISOString().replace('.000', '')
const cronJob = (spec: object = {}, status: object = {}, created = NOW - 45_000): KubeObject => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'c', namespace: 'ns', uid: 'c', creationTimestamp: text(created) },
  spec: {
    schedule: '* * * * *',
    concurrencyPolicy: 'Allow',
    jobTemplate: { metadata: { labels: { a: 'b' } }, spec: { x: 1 } },
    ...spec,
  },
  status,
})
const made = (name: string, outcome?: 'Complete' | 'Failed', start = 0): KubeObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, namespace: 'ns', uid: name, resourceVersion: '1' },
  spec: {},
  status: {
    startTime: text(NOW + start),
    ...(outcome === 'Complete' ? { completionTime: text(NOW) } : {}),
    ...(outcome === undefined ? {} : { conditions: [{ type: outcome, status: 'True' }] }),
  },
})
const decide = (object: KubeObject, jobs: KubeObject[] = [], now = NOW) =>
  decideCronJob({ cronJob: object, jobs }, now)
const types = (...args: Parameters<typeof decide>) =>
  decide(...args).actions.map((action) => (action.type === 'say' ? action.text.reason : action.type))
const active = (...names: string[]) => ({
  active: names.map((name) => ({
    kind: 'Job',
    namespace: 'ns',
    name,
    uid: name,
    apiVersion: 'batch/v1',
    resourceVersion: '1',
  })),
})

describe('cron job', () => {
  it('makes the Job of the minute that has come, and waits for the next', () => {
    const plan = decide(cronJob())
    const [create, status] = plan.actions
    assert.ok(create?.type === 'createJob' && status?.type === 'setStatus')
    assert.equal(create.job.metadata.name, `c-${Math.floor(NOW / 60_000)}`)
    assert.deepEqual(create.job.metadata.annotations, {
      'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T12:00:00Z',
    })
    assert.deepEqual(create.job.metadata.labels, { a: 'b' })
    assert.deepEqual(create.job['spec'], { x: 1 })
    assert.deepEqual(status.status, { lastScheduleTime: '2026-01-01T12:00:00Z' })
    assert.equal(plan.requeueAfterMs, 30_100)
  })

  it('makes nothing before its time, while suspended, or twice', () => {
    assert.deepEqual(types(cronJob({}, {}, NOW - 10_000)), [])
    assert.deepEqual(types(cronJob({ suspend: true })), [])
    assert.deepEqual(types(cronJob({}, { lastScheduleTime: '2026-01-01T12:00:00Z' })), [])
  })

  it('obeys its concurrency policy', () => {
    const status = active('old')
    const old = made('old')
    assert.deepEqual(types(cronJob({}, status), [old]), ['createJob', 'setStatus'])
    assert.deepEqual(types(cronJob({ concurrencyPolicy: 'Forbid' }, status), [old]), ['JobAlreadyActive'])
    assert.deepEqual(types(cronJob({ concurrencyPolicy: 'Replace' }, status), [old]), [
      'deleteJob',
      'createJob',
      'setStatus',
    ])
  })

  it('leaves a run out that is past its deadline', () => {
    assert.deepEqual(types(cronJob({ schedule: '0 12 * * *', startingDeadlineSeconds: 10 })), [])
    assert.deepEqual(types(cronJob({ schedule: '0 12 * * *', startingDeadlineSeconds: 40 })), [
      'createJob',
      'setStatus',
    ])
  })

  it('makes only the last of the runs that it missed, and says so beyond a hundred', () => {
    const hour = { lastScheduleTime: '2026-01-01T11:00:00Z' }
    assert.deepEqual(types(cronJob({}, hour)), ['createJob', 'setStatus'])
    const day = cronJob({}, { lastScheduleTime: '2025-12-31T12:00:00Z' })
    assert.deepEqual(types(day), ['TooManyMissedTimes', 'createJob', 'setStatus'])
    const create = decide(day).actions.find(({ type }) => type === 'createJob')
    assert.ok(create?.type === 'createJob')
    assert.equal(create.job.metadata.name, `c-${Math.floor(NOW / 60_000)}`)
  })

  it('lists what runs, and takes what ended off the list with the time of success', () => {
    const idle = { schedule: '0 0 1 1 *', suspend: true }
    const started = decide(cronJob(idle), [made('one')]).actions
    assert.deepEqual(
      started.map((action) => action.type === 'setStatus' && action.status),
      [active('one')],
    )
    const plan = decide(cronJob(idle, active('one', 'gone')), [made('one', 'Complete')])
    assert.deepEqual(
      plan.actions.slice(0, -1).map((action) => action.type === 'say' && action.text.reason),
      ['MissingJob', 'SawCompletedJob'],
    )
    const last = plan.actions.at(-1)
    assert.deepEqual(last?.type === 'setStatus' && last.status, { lastSuccessfulTime: text(NOW) })
  })

  it('keeps as many finished Jobs as its limits say, the youngest', () => {
    const jobs = [
      made('c3', 'Complete', 3000),
      made('c1', 'Complete', 1000),
      made('f1', 'Failed', 0),
      made('f2', 'Failed', 9),
    ]
    const object = cronJob({ suspend: true, successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0 })
    const deleted = decide(object, jobs).actions.flatMap((action) =>
      action.type === 'deleteJob' ? [action.job.metadata.name] : [],
    )
    assert.deepEqual(deleted, ['c1', 'f1', 'f2'])
  })

  const zones: [string, string, string, string, string][] = [
    ['in another zone', '30 9 * * *', 'Asia/Tokyo', '2026-01-01T00:00:00Z', '2026-01-01T00:30:00Z'],
    [
      'not at an hour that is skipped',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-03-28T12:00:00Z',
      '2026-03-30T00:30:00Z',
    ],
    [
      'once at an hour that is repeated',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-10-25T00:30:00Z',
      '2026-10-26T01:30:00Z',
    ],
    [
      'on either day where both are given',
      '0 0 13 * fri',
      'UTC',
      '2026-02-01T00:00:00Z',
      '2026-02-06T00:00:00Z',
    ],
    ['on a leap day', '0 0 29 2 *', 'UTC', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00Z'],
    ['every so often', '@every 90s', 'UTC', '2026-01-01T00:00:00Z', '2026-01-01T00:01:30Z'],
  ]
  for (const [title, schedule, zone, after, expected] of zones) {
    it(`fires ${title}`, () => {
      assert.equal(text(nextTime(parseCron(schedule), Date.parse(after), zone)!), expected)
    })
  }

  it('never fires on a day that does not come', () => {
    assert.equal(nextTime(parseCron('0 0 30 2 *'), NOW, 'UTC'), undefined)
  })

  it('always fires later than asked, at a minute of the schedule', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seededRandom(seed)
      const minute = random.below(60)
      const step = 1 + random.below(23)
      const zone = random.pick(['UTC', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'])
      const after = NOW + random.below(365 * 86_400) * 1000
      const time = nextTime(parseCron(`${minute} */${step} * * *`), after, zone)!
      assert.ok(time > after && time - after <= 2 * 86_400_000, `seed ${seed}`)
      const shown = new Intl.DateTimeFormat('en-US', { timeZone: zone, minute: 'numeric' }).format(time)
      assert.equal(Number(shown), minute, `seed ${seed}`)
    }
  })
})
