import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, created, refuses, refusesUpdates, statusErrors, withPaths } from '../testing.ts'

const API = 'storage.k8s.io/v1'
const DRIVER = { apiVersion: API, kind: 'CSIDriver', metadata: { name: 'pool.brume.dev' }, spec: {} }
const NODE = {
  apiVersion: API,
  kind: 'CSINode',
  metadata: { name: 'n1' },
  spec: { drivers: [{ name: 'pool.brume.dev', nodeID: 'n1', topologyKeys: ['zone'] }] },
}
const CAPACITY = {
  apiVersion: API,
  kind: 'CSIStorageCapacity',
  metadata: { name: 'c' },
  storageClassName: 'fast',
  capacity: '1Gi',
}
const ATTACHMENT = {
  apiVersion: API,
  kind: 'VolumeAttachment',
  metadata: { name: 'a' },
  spec: { attacher: 'pool.brume.dev', nodeName: 'n1', source: { persistentVolumeName: 'pv1' } },
}

test('a driver attaches volumes that live on, unless said otherwise', () => {
  const { spec } = created(DRIVER)
  assert.deepEqual(spec.volumeLifecycleModes, ['Persistent'])
  assert.equal(spec.attachRequired, true)
  assert.equal(spec.fsGroupPolicy, 'ReadWriteOnceWithFSType')
  assert.equal(spec.requiresRepublish, false)
})

refuses(DRIVER, [
  [
    'knows its modes and policies',
    { 'spec.fsGroupPolicy': 'x', 'spec.volumeLifecycleModes': ['y'] },
    [
      'spec.fsGroupPolicy: Unsupported value: "x": supported values: "File", "None", "ReadWriteOnceWithFSType"',
      'spec.volumeLifecycleModes: Unsupported value: "y": supported values: "Ephemeral", "Persistent"',
    ],
  ],
  [
    'asks for each token once, for some time',
    {
      'spec.tokenRequests': [
        { audience: 'a', expirationSeconds: 10 },
        { audience: 'a', expirationSeconds: 4294967297 },
      ],
    },
    [
      'spec.tokenRequests[0].expirationSeconds: Invalid value: 10: may not specify a duration less than 10 minutes',
      'spec.tokenRequests[1].audience: Duplicate value: "a"',
      'spec.tokenRequests[1].expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds',
    ],
  ],
])

refusesUpdates(DRIVER, [
  [
    'keeps how it attaches',
    { 'spec.attachRequired': false },
    ['spec.attachedRequired: Invalid value: false: field is immutable'],
  ],
  [
    'keeps its modes',
    { 'spec.volumeLifecycleModes': ['Ephemeral'] },
    ['spec.volumeLifecycleModes: Invalid value: ["Ephemeral"]: field is immutable'],
  ],
])

refuses(NODE, [
  [
    'has each driver once, with an id',
    {
      'spec.drivers': [
        { name: 'a', nodeID: '' },
        { name: 'a', nodeID: 'x', topologyKeys: ['z', 'z'] },
      ],
    },
    [
      'spec.drivers[0].nodeID: Required value',
      'spec.drivers[1].topologyKeys: Duplicate value: "z"',
      'spec.drivers[1].name: Duplicate value: "a"',
    ],
  ],
])

refusesUpdates(NODE, [
  [
    'keeps a driver as it is',
    { 'spec.drivers[0].nodeID': 'n2' },
    [
      'CSINodeDriver: Invalid value: {"name":"pool.brume.dev","nodeID":"n2","topologyKeys":["zone"]}: field is immutable',
    ],
  ],
  ['lets a driver go', { 'spec.drivers': [] }, []],
])

refuses(CAPACITY, [
  [
    'is not negative',
    { capacity: '-1', maximumVolumeSize: '-2' },
    [
      'capacity: Invalid value: "-1": must be greater than or equal to 0',
      'maximumVolumeSize: Invalid value: "-2": must be greater than or equal to 0',
    ],
  ],
])

refusesUpdates(CAPACITY, [
  [
    'stays where it is',
    { storageClassName: 'slow', nodeTopology: { matchLabels: { zone: 'a' } } },
    [
      'nodeTopology: Invalid value: {"matchLabels":{"zone":"a"}}: field is immutable',
      'storageClassName: Invalid value: "slow": field is immutable',
    ],
  ],
])

refuses(ATTACHMENT, [
  [
    'names driver and volume',
    { 'spec.attacher': '', 'spec.source': {} },
    [
      'spec.attacher: Required value',
      'spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
    ],
  ],
])

refusesUpdates(ATTACHMENT, [
  [
    'stays as it was',
    { 'spec.nodeName': 'n2' },
    [
      'spec: Invalid value: {"attacher":"pool.brume.dev","source":{"persistentVolumeName":"pv1"},"nodeName":"n2"}: field is immutable',
    ],
  ],
])

test('an attach error is short', () => {
  const status = { attached: false, attachError: { message: 'x'.repeat(1025) } }
  assert.deepEqual(statusErrors({ ...ATTACHMENT, status }), [
    'status.attachError.message: Too long: may not be more than 1024 bytes',
  ])
})

test('the tables show what matters', () => {
  assert.deepEqual(cellsOf(DRIVER), {
    Name: 'pool.brume.dev',
    AttachRequired: true,
    PodInfoOnMount: false,
    StorageCapacity: false,
    TokenRequests: '<unset>',
    RequiresRepublish: false,
    Modes: 'Persistent',
    Age: '<unknown>',
  })
  assert.equal(cellsOf(NODE)['Drivers'], 1)
  assert.equal(cellsOf(CAPACITY)['Capacity'], '1Gi')
  assert.equal(cellsOf(ATTACHMENT)['Attached'], false)
  assert.equal(
    cellsOf(withPaths(DRIVER, { 'spec.tokenRequests': [{ audience: 'a' }] }))['TokenRequests'],
    'a',
  )
})
