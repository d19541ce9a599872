import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deepClone } from '@brume/base/values'
import type { KubeObject } from '../../object.ts'
import type { Json } from '../../validate/json.ts'
import { columnNames, defaulted, lines, NOW, podObject, row } from '../fixtures.ts'
import { job } from './job.ts'

function jobObject(spec: Json = {}, podSpec: Json = {}): KubeObject {
  const pod = podObject({ restartPolicy: 'Never', ...podSpec })['spec']
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'j', namespace: 'default', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { template: { spec: pod }, ...spec },
  }
}

function created(spec: Json = {}, podSpec: Json = {}): KubeObject {
  const object = defaulted(job, jobObject(spec, podSpec))
  job.prepareForCreate?.(object)
  return object
}

const errors = (spec: Json = {}, podSpec: Json = {}) =>
  lines(job.validate?.(created(spec, podSpec), { now: NOW }))

function update(old: KubeObject, change: (object: KubeObject) => void): string[] {
  const next = deepClone(old)
  change(next)
  return lines([
    ...(job.validate?.(next, { now: NOW }) ?? []),
    ...(job.validateUpdate?.(next, old, { now: NOW }) ?? []),
  ])
}

test('fills in a minimal job and gives it a selector of its own', () => {
  const { template, ...spec } = created()['spec']
  assert.deepEqual(spec, {
    completions: 1,
    parallelism: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    manualSelector: false,
    podReplacementPolicy: 'TerminatingOrFailed',
    selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } },
  })
  assert.deepEqual(template.metadata.labels, {
    'batch.kubernetes.io/controller-uid': 'u',
    'batch.kubernetes.io/job-name': 'j',
    'controller-uid': 'u',
    'job-name': 'j',
  })
  assert.deepEqual(errors(), [])
  assert.equal(created({ parallelism: 3 })['spec'].completions, undefined)
  assert.equal(created({ podFailurePolicy: { rules: [] } })['spec'].podReplacementPolicy, 'Failed')
})

test('labels that contradict the selector are refused', () => {
  const object = jobObject()
  object['spec'].template.metadata = { labels: { 'job-name': 'other' } }
  defaulted(job, object)
  job.prepareForCreate?.(object)
  assert.match(
    lines(job.validate?.(object, { now: NOW }))[0]!,
    /^spec\.template\.metadata\.labels\[job-name\]: Invalid value: map.*: must be 'j'$/,
  )
})

test('restart policies, counts and modes', () => {
  const cases: [Json, Json, string[]][] = [
    [
      {},
      { restartPolicy: 'Always' },
      ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ],
    [{ parallelism: -1 }, {}, ['spec.parallelism: Invalid value: -1: must be greater than or equal to 0']],
    [
      { completionMode: 'X' },
      {},
      ['spec.completionMode: Unsupported value: "X": supported values: "NonIndexed", "Indexed"'],
    ],
    [
      { completionMode: 'Indexed', parallelism: 1 },
      {},
      ['spec.completions: Required value: when completion mode is Indexed'],
    ],
    [
      { backoffLimitPerIndex: 1 },
      {},
      ['spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode'],
    ],
    [
      { completionMode: 'Indexed', completions: 2, maxFailedIndexes: 3, backoffLimitPerIndex: 1 },
      {},
      ['spec.maxFailedIndexes: Invalid value: 3: must be less than or equal to completions'],
    ],
    [
      { completionMode: 'Indexed', completions: 200_000, backoffLimitPerIndex: 1 },
      {},
      ['spec.maxFailedIndexes: Required value: must be specified when completions is above 100000'],
    ],
    [
      { managedBy: 'x' },
      {},
      ['spec.managedBy: Invalid value: "x": must be a domain-prefixed path (such as "acme.io/foo")'],
    ],
    [
      { podReplacementPolicy: 'X' },
      {},
      [
        'spec.podReplacementPolicy: Unsupported value: "X": supported values: "Failed", "TerminatingOrFailed"',
      ],
    ],
  ]
  for (const [spec, podSpec, expected] of cases) assert.deepEqual(errors(spec, podSpec), expected)
})

test('failure and success policies', () => {
  const failure = (rule: Json, podSpec: Json = {}) => errors({ podFailurePolicy: { rules: [rule] } }, podSpec)
  const R = 'spec.podFailurePolicy.rules[0]'
  assert.deepEqual(failure({ action: 'FailJob', onExitCodes: { operator: 'In', values: [1, 2] } }), [])
  assert.deepEqual(failure({ action: 'FailJob' }), [
    `${R}: Invalid value: specifying one of OnExitCodes and OnPodConditions is required`,
  ])
  assert.deepEqual(failure({ action: 'X', onPodConditions: [{ type: 'A' }] }), [
    `${R}.action: Unsupported value: "X": supported values: "Count", "FailIndex", "FailJob", "Ignore"`,
  ])
  assert.deepEqual(
    failure({ action: 'Count', onExitCodes: { operator: 'In', values: [2, 0], containerName: 'x' } }),
    [
      `${R}.onExitCodes.containerName: Invalid value: "x": must be one of the container or initContainer names in the pod template`,
      `${R}.onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator`,
      `${R}.onExitCodes.values: Invalid value: [2,0]: must be ordered`,
    ],
  )
  assert.deepEqual(failure({ action: 'FailIndex', onPodConditions: [{ type: 'A' }] }), [
    `${R}.action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set`,
  ])
  assert.deepEqual(
    failure({ action: 'Count', onPodConditions: [{ type: 'A' }] }, { restartPolicy: 'OnFailure' }),
    [
      'spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified',
    ],
  )
  const success = (rule: Json) =>
    errors({ completionMode: 'Indexed', completions: 4, successPolicy: { rules: [rule] } })
  const S = 'spec.successPolicy.rules[0]'
  assert.deepEqual(success({ succeededIndexes: '0,2-3' }), [])
  assert.deepEqual(success({}), [
    `${S}: Required value: at least one of succeededCount or succeededIndexes must be specified`,
  ])
  assert.deepEqual(success({ succeededIndexes: '3-9' }), [
    `${S}.succeededIndexes: Invalid value: "3-9": error parsing succeededIndexes: too large index: "9"`,
  ])
  assert.deepEqual(success({ succeededIndexes: '0', succeededCount: 2 }), [
    `${S}.succeededCount: Invalid value: 2: must be less than or equal to 1 (the number of indexes in the specified succeededIndexes field)`,
  ])
})

test('what a job is may not change, where it runs may before it starts', () => {
  assert.deepEqual(
    update(created(), (next) => (next['spec'].parallelism = 5)),
    [],
  )
  assert.deepEqual(
    update(created(), (next) => (next['spec'].completions = 5)),
    ['spec.completions: Invalid value: 5: field is immutable'],
  )
  assert.match(
    update(created(), (next) => (next['spec'].template.spec.containers[0].image = 'b'))[0]!,
    /^spec\.template: Invalid value: .*: field is immutable$/,
  )
  const move = (next: KubeObject) => (next['spec'].template.spec.nodeSelector = { a: 'b' })
  assert.deepEqual(update(created({ suspend: true }), move), [])
  assert.equal(update(created(), move).length, 1)
  const elastic = created({ completionMode: 'Indexed', completions: 2, parallelism: 2 })
  assert.deepEqual(
    update(elastic, (next) => Object.assign(next['spec'], { completions: 3, parallelism: 3 })),
    [],
  )
  assert.deepEqual(
    update(elastic, (next) => (next['spec'].completions = 3)),
    ['spec.completions: Invalid value: 3: can only be modified in tandem with spec.parallelism'],
  )
})

test('a status concludes once, and in order', () => {
  const check = (before: Json, now: Json, spec: Json = {}) => {
    const old = { ...created(spec), status: before }
    return lines(job.validateStatusUpdate?.({ ...deepClone(old), status: now }, old, { now: NOW }))
  }
  const yes = (...types: string[]) => types.map((type) => ({ type, status: 'True' }))
  const times = { startTime: '2026-01-01T00:00:00Z', completionTime: '2026-01-01T00:01:00Z' }
  const done = { ...times, succeeded: 1, conditions: yes('SuccessCriteriaMet', 'Complete') }
  assert.deepEqual(check({ startTime: times.startTime, active: 1 }, done), [])
  assert.deepEqual(check(done, { ...done, conditions: yes('SuccessCriteriaMet') }), [
    'status.completionTime: Invalid value: "2026-01-01T00:01:00Z": cannot set completionTime when there is no Complete=True condition',
    'status.conditions: Invalid value: cannot disable the terminal Complete=True condition',
  ])
  assert.deepEqual(check({}, { startTime: times.startTime, conditions: yes('Failed') }), [
    'status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition',
  ])
  assert.deepEqual(check({ failed: 2 }, { failed: 1 }), [
    'status.failed: Invalid value: 1: cannot decrease the failed counter',
  ])
  assert.deepEqual(check({}, { ready: 2, active: 1 }), [
    'status.ready: Invalid value: 2: cannot set more ready pods than active',
  ])
  const indexed = { completionMode: 'Indexed', completions: 5, backoffLimitPerIndex: 1 }
  assert.deepEqual(check({}, { completedIndexes: '0-2', failedIndexes: '2' }, indexed), [
    'status.failedIndexes: Invalid value: "2": failedIndexes and completedIndexes overlap at index: 2',
  ])
})

test('prints like kubectl', () => {
  assert.deepEqual(columnNames(job), [
    'Status',
    'Completions',
    'Duration',
    'Age',
    'Containers*',
    'Images*',
    'Selector*',
  ])
  const shown = (status: Json, spec: Json = {}) => row(job, { ...created(spec), status }).slice(0, 3)
  assert.deepEqual(shown({}), ['Running', '0/1', ''])
  assert.deepEqual(shown({ startTime: '2026-01-01T23:00:00Z', succeeded: 1 }, { parallelism: 2 }), [
    'Running',
    '1/1 of 2',
    '60m',
  ])
  const done = {
    startTime: '2026-01-01T00:00:00Z',
    completionTime: '2026-01-01T00:00:09Z',
    succeeded: 1,
    conditions: [{ type: 'Complete', status: 'True' }],
  }
  assert.deepEqual(shown(done), ['Complete', '1/1', '9s'])
  assert.equal(shown({ conditions: [{ type: 'Suspended', status: 'True' }] })[0], 'Suspended')
})
