import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../../object.ts'
import type { Json } from '../../validate/json.ts'
import { columnNames, createErrors, defaulted, podObject, row, updateErrors } from '../fixtures.ts'
import { cronJob } from './cron-job.ts'

function object(spec: Json = {}, jobSpec: Json = {}): KubeObject {
  const template = { spec: podObject({ restartPolicy: 'OnFailure' })['spec'] }
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'c', namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { schedule: '0 * * * *', jobTemplate: { spec: { template, ...jobSpec } }, ...spec },
  }
}

test('fills in a minimal cron job', () => {
  const { jobTemplate, ...spec } = defaulted(cronJob, object())['spec']
  assert.deepEqual(spec, {
    schedule: '0 * * * *',
    concurrencyPolicy: 'Allow',
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
  })
  assert.equal(jobTemplate.spec.template.spec.dnsPolicy, 'ClusterFirst')
  assert.equal(jobTemplate.spec.completions, undefined)
})

test('schedules, zones, policies and the job within', () => {
  const cases: [Json, Json, string[]][] = [
    [{}, {}, []],
    [{ schedule: '' }, {}, ['spec.schedule: Required value']],
    [
      { schedule: 'often' },
      {},
      ['spec.schedule: Invalid value: "often": expected exactly 5 fields, found 1: [often]'],
    ],
    [
      { schedule: 'TZ=UTC 0 * * * *' },
      {},
      [
        'spec.schedule: Invalid value: "TZ=UTC 0 * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
      ],
    ],
    [{ timeZone: 'Europe/Berlin' }, {}, []],
    [
      { timeZone: 'Mars/Olympus' },
      {},
      ['spec.timeZone: Invalid value: "Mars/Olympus": unknown time zone Mars/Olympus'],
    ],
    [{ timeZone: '' }, {}, ['spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string']],
    [
      { concurrencyPolicy: 'X' },
      {},
      ['spec.concurrencyPolicy: Unsupported value: "X": supported values: "Allow", "Forbid", "Replace"'],
    ],
    [
      { startingDeadlineSeconds: -1 },
      {},
      ['spec.startingDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      {},
      { manualSelector: true },
      ['spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "false", "nil"'],
    ],
    [
      {},
      { selector: { matchLabels: { a: 'b' } } },
      [
        'spec.jobTemplate.spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"a":"b"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: `selector` will be auto-generated',
      ],
    ],
  ]
  for (const [spec, jobSpec, expected] of cases)
    assert.deepEqual(createErrors(cronJob, object(spec, jobSpec)), expected)
})

test('names leave room for the suffix of the jobs', () => {
  const long = object()
  long.metadata.name = 'x'.repeat(53)
  assert.deepEqual(createErrors(cronJob, long), [
    `metadata.name: Invalid value: "${'x'.repeat(53)}": must be no more than 52 characters`,
  ])
})

test('an old zone in the schedule may stay', () => {
  assert.deepEqual(
    updateErrors(cronJob, object({ schedule: 'TZ=UTC 0 * * * *' }), (next) => (next['spec'].suspend = true)),
    [],
  )
  assert.equal(
    updateErrors(cronJob, object(), (next) => (next['spec'].schedule = 'TZ=UTC 0 * * * *')).length,
    1,
  )
})

test('prints like kubectl', () => {
  assert.deepEqual(columnNames(cronJob), [
    'Schedule',
    'Timezone',
    'Suspend',
    'Active',
    'Last Schedule',
    'Age',
    'Containers*',
    'Images*',
    'Selector*',
  ])
  const status = { active: [{}], lastScheduleTime: '2026-01-01T23:59:00Z' }
  assert.deepEqual(row(cronJob, { ...object({ suspend: false }), status }), [
    '0 * * * *',
    '<none>',
    'False',
    1,
    '60s',
    '24h',
    'c',
    'nginx',
    '<none>',
  ])
})
