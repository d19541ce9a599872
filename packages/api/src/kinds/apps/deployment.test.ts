import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../../validate/json.ts'
import {
  columnNames,
  createErrors,
  defaulted,
  lines,
  row,
  updateErrors,
  workloadObject,
} from '../fixtures.ts'
import { deployment } from './deployment.ts'
import { replicaSet } from './replica-set.ts'

const object = (spec: Json = {}, podSpec: Json = {}) => workloadObject('apps/v1', 'Deployment', spec, podSpec)

test('fills in a minimal deployment', () => {
  const { template: _, selector: __, ...spec } = defaulted(deployment, object())['spec']
  assert.deepEqual(spec, {
    replicas: 1,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  })
  assert.equal(
    defaulted(deployment, object({ strategy: { type: 'Recreate' } }))['spec'].strategy.rollingUpdate,
    undefined,
  )
})

test('a deployment must select the pods that it makes', () => {
  assert.deepEqual(createErrors(deployment, object()), [])
  assert.deepEqual(createErrors(deployment, object({ selector: { matchLabels: { app: 'b' } } })), [
    'spec.template.metadata.labels: Invalid value: map[string]string{"app":"a"}: `selector` does not match template `labels`',
  ])
  assert.deepEqual(createErrors(deployment, object({ selector: {} })), [
    'spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string(nil), MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: empty selector is invalid for deployment',
  ])
  assert.deepEqual(createErrors(deployment, object({ selector: undefined })), [
    'spec.selector: Required value',
  ])
})

test('rolling updates must be able to move', () => {
  const R = 'spec.strategy.rollingUpdate'
  const cases: [Json, string[]][] = [
    [
      { type: 'Odd' },
      ['spec.strategy: Unsupported value: "Odd": supported values: "Recreate", "RollingUpdate"'],
    ],
    [
      { type: 'Recreate', rollingUpdate: {} },
      [`${R}: Forbidden: may not be specified when strategy \`type\` is 'Recreate'`],
    ],
    [
      { rollingUpdate: { maxUnavailable: 0, maxSurge: 0 } },
      [
        `${R}.maxUnavailable: Invalid value: intstr.IntOrString{Type:0, IntVal:0, StrVal:""}: may not be 0 when \`maxSurge\` is 0`,
      ],
    ],
    [
      { rollingUpdate: { maxUnavailable: '150%' } },
      [
        `${R}.maxUnavailable: Invalid value: intstr.IntOrString{Type:1, IntVal:0, StrVal:"150%"}: must not be greater than 100%`,
      ],
    ],
    [
      { rollingUpdate: { maxSurge: -1 } },
      [`${R}.maxSurge: Invalid value: -1: must be greater than or equal to 0`],
    ],
  ]
  for (const [strategy, expected] of cases)
    assert.deepEqual(createErrors(deployment, object({ strategy })), expected)
})

test('counts, deadlines and the template are checked', () => {
  const cases: [Json, Json, string[]][] = [
    [{ replicas: -1 }, {}, ['spec.replicas: Invalid value: -1: must be greater than or equal to 0']],
    [
      { minReadySeconds: 600 },
      {},
      ['spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds'],
    ],
    [
      {},
      { restartPolicy: 'Never' },
      ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ],
    [
      {},
      { activeDeadlineSeconds: 1 },
      [
        'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported',
      ],
    ],
    [{}, { containers: [] }, ['spec.template.spec.containers: Required value']],
  ]
  for (const [spec, podSpec, expected] of cases) {
    assert.deepEqual(createErrors(deployment, object(spec, podSpec)), expected)
  }
})

test('the selector never changes', () => {
  const errors = updateErrors(deployment, object(), (next) => {
    next['spec'].selector.matchLabels.app = 'b'
    next['spec'].template.metadata.labels.app = 'b'
  })
  assert.deepEqual(errors, [
    'spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"app":"b"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: field is immutable',
  ])
  assert.deepEqual(
    updateErrors(deployment, object(), (next) => (next['spec'].replicas = 5)),
    [],
  )
})

test('the status counts within its replicas', () => {
  const old = { ...object(), status: { collisionCount: 2 } }
  const next = {
    ...object(),
    status: { replicas: 1, readyReplicas: 2, availableReplicas: 1, collisionCount: 1 },
  }
  assert.deepEqual(lines(deployment.validateStatusUpdate?.(next, old, { now: 0 })), [
    'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
    'status.collisionCount: Invalid value: 1: cannot be decremented',
  ])
})

test('prints like kubectl', () => {
  assert.deepEqual(columnNames(deployment), [
    'Ready',
    'Up-to-date',
    'Available',
    'Age',
    'Containers*',
    'Images*',
    'Selector*',
  ])
  const shown = {
    ...object({ replicas: 3 }),
    status: { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 1 },
  }
  assert.deepEqual(row(deployment, shown), ['2/3', 3, 1, '24h', 'c', 'nginx', 'app=a'])
  assert.deepEqual(columnNames(replicaSet), [
    'Desired',
    'Current',
    'Ready',
    'Age',
    'Containers*',
    'Images*',
    'Selector*',
  ])
  assert.deepEqual(
    row(replicaSet, { ...object({ replicas: 3 }), status: { replicas: 2 } }).slice(0, 3),
    [3, 2, 0],
  )
})

test('warns of names that cannot be host names, on create', () => {
  const dotted = object()
  dotted.metadata.name = 'a.b'
  assert.deepEqual(deployment.warnings?.(dotted, undefined), [
    'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]',
  ])
  assert.deepEqual(deployment.warnings?.(dotted, dotted), [])
})

test('replica sets', () => {
  const set = (spec: Json = {}) => workloadObject('apps/v1', 'ReplicaSet', spec)
  assert.equal(defaulted(replicaSet, set())['spec'].replicas, 1)
  assert.deepEqual(createErrors(replicaSet, set({ minReadySeconds: -1 })), [
    'spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0',
  ])
  const next = { ...set(), status: { replicas: 1, readyReplicas: 0, availableReplicas: 1 } }
  assert.deepEqual(lines(replicaSet.validateStatusUpdate?.(next, set(), { now: 0 })), [
    'status.availableReplicas: Invalid value: 1: cannot be greater than readyReplicas',
  ])
  const fresh = set()
  replicaSet.prepareForCreate?.(fresh)
  assert.deepEqual(fresh['status'], { replicas: 0 })
})
