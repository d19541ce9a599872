import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../../validate/json.ts'
import {
  columnNames,
  createErrors,
  defaulted,
  lines,
  NOW,
  row,
  updateErrors,
  workloadObject,
} from '../fixtures.ts'
import { controllerRevision } from './controller-revision.ts'
import { daemonSet } from './daemon-set.ts'
import { statefulSet } from './stateful-set.ts'

const sts = (spec: Json = {}, podSpec: Json = {}) =>
  workloadObject('apps/v1', 'StatefulSet', { serviceName: 's', ...spec }, podSpec)
const ds = (spec: Json = {}, podSpec: Json = {}) => workloadObject('apps/v1', 'DaemonSet', spec, podSpec)

test('fills in a minimal stateful set', () => {
  const claim = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } }
  const {
    template: _,
    selector: __,
    ...spec
  } = defaulted(statefulSet, sts({ volumeClaimTemplates: [claim] }))['spec']
  assert.deepEqual(spec, {
    serviceName: 's',
    podManagementPolicy: 'OrderedReady',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    replicas: 1,
    revisionHistoryLimit: 10,
    volumeClaimTemplates: [
      {
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem' },
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        status: { phase: 'Pending' },
      },
    ],
  })
})

test('stateful sets: choices, counts, selector', () => {
  const cases: [Json, string[]][] = [
    [{}, []],
    [
      { podManagementPolicy: 'X' },
      [`spec.podManagementPolicy: Invalid value: "X": must be 'OrderedReady' or 'Parallel'`],
    ],
    [
      { updateStrategy: { type: 'X' } },
      [`spec.updateStrategy: Invalid value: {"type":"X"}: must be 'RollingUpdate' or 'OnDelete'`],
    ],
    [
      { updateStrategy: { type: 'OnDelete', rollingUpdate: {} } },
      [
        `spec.updateStrategy.rollingUpdate: Invalid value: {}: only allowed for updateStrategy 'RollingUpdate'`,
      ],
    ],
    [
      { persistentVolumeClaimRetentionPolicy: { whenScaled: 'X' } },
      [
        'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "X": supported values: "Retain", "Delete"',
      ],
    ],
    [
      { ordinals: { start: -1 } },
      ['spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      { selector: {} },
      [
        'spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string(nil), MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: empty selector is invalid for statefulset',
      ],
    ],
  ]
  for (const [spec, expected] of cases) assert.deepEqual(createErrors(statefulSet, sts(spec)), expected)
  assert.deepEqual(
    createErrors(statefulSet, sts({}, { containers: [{ name: 'c', volumeMounts: [{ name: 'data' }] }] })),
    [],
  )
  assert.deepEqual(statefulSet.validateName?.('a.b'), ['must not contain dots'])
})

test('only some fields of a stateful set change', () => {
  assert.deepEqual(
    updateErrors(statefulSet, sts(), (next) => {
      next['spec'].replicas = 3
      next['spec'].template.spec.containers[0].image = 'b'
      next['spec'].minReadySeconds = 5
    }),
    [],
  )
  assert.deepEqual(
    updateErrors(statefulSet, sts(), (next) => (next['spec'].serviceName = 't')),
    [
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ],
  )
})

test('stateful sets print like kubectl, and count within their replicas', () => {
  assert.deepEqual(columnNames(statefulSet), ['Ready', 'Age', 'Containers*', 'Images*'])
  assert.deepEqual(row(statefulSet, { ...sts({ replicas: 2 }), status: { readyReplicas: 1 } }), [
    '1/2',
    '24h',
    'c',
    'nginx',
  ])
  const status = { replicas: 2, readyReplicas: 1, availableReplicas: 2 }
  assert.deepEqual(lines(statefulSet.validateStatusUpdate?.({ ...sts(), status }, sts(), { now: NOW })), [
    'status.availableReplicas: Invalid value: 2: cannot be greater than status.readyReplicas',
  ])
})

test('fills in a minimal daemon set', () => {
  const { template: _, selector: __, ...spec } = defaulted(daemonSet, ds())['spec']
  assert.deepEqual(spec, {
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    revisionHistoryLimit: 10,
  })
})

test('daemon sets: strategy and template', () => {
  const R = 'spec.updateStrategy.rollingUpdate'
  const cases: [Json, string[]][] = [
    [{}, []],
    [
      { updateStrategy: { type: 'X' } },
      ['spec.updateStrategy: Unsupported value: "X": supported values: "RollingUpdate", "OnDelete"'],
    ],
    [
      { updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } },
      [`${R}.maxUnavailable: Required value: cannot be 0 when maxSurge is 0`],
    ],
    [
      { updateStrategy: { rollingUpdate: { maxSurge: 1 } } },
      [
        `${R}.maxSurge: Invalid value: intstr.IntOrString{Type:0, IntVal:1, StrVal:""}: may not be set when maxUnavailable is non-zero`,
      ],
    ],
    [
      { revisionHistoryLimit: -1 },
      ['spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0'],
    ],
  ]
  for (const [spec, expected] of cases) assert.deepEqual(createErrors(daemonSet, ds(spec)), expected)
  assert.deepEqual(createErrors(daemonSet, ds({}, { restartPolicy: 'OnFailure' })), [
    'spec.template.spec.restartPolicy: Unsupported value: "OnFailure": supported values: "Always"',
  ])
})

test('daemon sets print like kubectl', () => {
  assert.deepEqual(columnNames(daemonSet), [
    'Desired',
    'Current',
    'Ready',
    'Up-to-date',
    'Available',
    'Node Selector',
    'Age',
    'Containers*',
    'Images*',
    'Selector*',
  ])
  const status = { desiredNumberScheduled: 3, currentNumberScheduled: 2, numberReady: 1 }
  assert.deepEqual(row(daemonSet, { ...ds({}, { nodeSelector: { a: 'b' } }), status }), [
    3,
    2,
    1,
    0,
    0,
    'a=b',
    '24h',
    'c',
    'nginx',
    'app=a',
  ])
})

test('controller revisions keep their data and name their owner', () => {
  const revision = (extra: Json = {}) => ({
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: { name: 'r', namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z' },
    ...extra,
  })
  assert.deepEqual(createErrors(controllerRevision, revision({ revision: -1 })), [
    'data: Required value: data is mandatory',
    'revision: Invalid value: -1: must be greater than or equal to 0',
  ])
  assert.deepEqual(
    updateErrors(
      controllerRevision,
      revision({ data: { a: 1 }, revision: 1 }),
      (next) => (next['data'] = { a: 2 }),
    ),
    ['data: Invalid value: {"a":2}: field is immutable'],
  )
  const owned = revision({ revision: 3 })
  Object.assign(owned.metadata, {
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'u', controller: true }],
  })
  assert.deepEqual(row(controllerRevision, owned), ['daemonset.apps/d', '3', '24h'])
})
