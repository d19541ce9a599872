import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  cellsOf,
  created,
  kindOf,
  refuses,
  refusesUpdates,
  statusErrors,
  warningsOf,
  withPaths,
} from '../testing.ts'

const CLAIM = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
}
const IMMUTABLE =
  'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'

test('is pending and a file system, and names its source by both fields', () => {
  const { spec, status } = created(
    withPaths(CLAIM, { 'spec.dataSource': { kind: 'PersistentVolumeClaim', name: 'a' } }),
  )
  assert.deepEqual(status, { phase: 'Pending' })
  assert.equal(spec.volumeMode, 'Filesystem')
  assert.deepEqual(spec.dataSourceRef, { apiGroup: null, kind: 'PersistentVolumeClaim', name: 'a' })
})

refuses(CLAIM, [
  [
    'has an access mode',
    { 'spec.accessModes': [] },
    ['spec.accessModes: Required value: at least 1 access mode is required'],
  ],
  [
    'knows its access modes',
    { 'spec.accessModes': ['Write'] },
    [
      'spec.accessModes: Unsupported value: "Write": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
    ],
  ],
  [
    'is of one pod alone',
    { 'spec.accessModes': ['ReadWriteOncePod', 'ReadWriteOnce'] },
    ['spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes'],
  ],
  ['asks for storage', { 'spec.resources.requests': {} }, ['spec.resources[storage]: Required value']],
  [
    'asks for more than nothing',
    { 'spec.resources.requests.storage': '0' },
    ['spec.resources[storage]: Invalid value: "0": must be greater than zero'],
  ],
  [
    'knows its volume modes',
    { 'spec.volumeMode': 'Tape' },
    ['spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"'],
  ],
  [
    'copies a claim when the source has no group',
    { 'spec.dataSource': { kind: 'Thing', name: 'a' } },
    [
      'spec.dataSource: Invalid value: "Thing": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
      'spec.dataSourceRef: Invalid value: "Thing": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
    ],
  ],
  [
    'has one source',
    {
      'spec.dataSource': { kind: 'PersistentVolumeClaim', name: 'a' },
      'spec.dataSourceRef': { kind: 'PersistentVolumeClaim', name: 'b' },
    },
    ['spec: Invalid value: "spec.dataSource": must match dataSourceRef'],
  ],
])

refusesUpdates(CLAIM, [
  ['keeps its modes', { 'spec.accessModes': ['ReadWriteMany'] }, [IMMUTABLE]],
  ['keeps its size until it is bound', { 'spec.resources.requests.storage': '2Gi' }, [IMMUTABLE]],
  ['may be bound', { 'spec.volumeName': 'pv1' }, []],
  ['may be given a class later', { 'spec.storageClassName': 'fast' }, []],
])

test('a bound claim may grow, and shrink only to more than it has', () => {
  const kind = kindOf(CLAIM)
  const old = created(
    withPaths(CLAIM, { 'spec.volumeName': 'pv1', 'spec.resources.requests.storage': '5Gi' }),
  )
  old.status = { phase: 'Bound', capacity: { storage: '1Gi' } }
  const errors = (storage: string) => {
    const object = structuredClone(old)
    object.spec.resources.requests.storage = storage
    return kind.validateUpdate!(object, old, { now: 0 }).map((e) => `${e.field}: ${e.message}`)
  }
  assert.deepEqual(errors('6Gi'), [])
  assert.deepEqual(errors('2Gi'), [])
  assert.deepEqual(errors('1Gi'), [
    'spec.resources.requests.storage: Forbidden: field can not be less than status.capacity',
  ])
})

test('the status holds amounts that are not negative', () => {
  assert.deepEqual(
    statusErrors({
      ...CLAIM,
      status: { capacity: { storage: '-1' }, allocatedResourceStatuses: { storage: 'x' } },
    }),
    [
      'status.capacity[storage]: Invalid value: "-1": must be a valid resource quantity',
      'status.allocatedResourceStatus: Unsupported value: "storage": supported values: "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"',
    ],
  )
})

test('warns of parts of a byte and of the old annotation', () => {
  assert.deepEqual(
    warningsOf(
      withPaths(CLAIM, {
        'spec.resources.requests.storage': '1500m',
        'metadata.annotations': { 'volume.beta.kubernetes.io/storage-class': 'fast' },
      }),
    ),
    [
      'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead',
      'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
    ],
  )
})

test('the table shows what the claim got', () => {
  const bound = withPaths(CLAIM, {
    'spec.volumeName': 'pv1',
    'spec.storageClassName': 'fast',
    status: { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteMany', 'ReadWriteOnce'] },
  })
  assert.deepEqual(cellsOf(bound), {
    Name: 'data',
    Status: 'Bound',
    Volume: 'pv1',
    Capacity: '1Gi',
    'Access Modes': 'RWO,RWX',
    StorageClass: 'fast',
    VolumeAttributesClass: '<unset>',
    Age: '<unknown>',
    VolumeMode: 'Filesystem',
  })
})
