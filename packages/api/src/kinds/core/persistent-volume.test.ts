import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, created, refuses, refusesUpdates, updateErrors, warningsOf, withPaths } from '../testing.ts'

const VOLUME = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'pv1' },
  spec: { capacity: { storage: '5Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/data' } },
}
const AFFINITY = {
  required: {
    nodeSelectorTerms: [
      { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['n1'] }] },
    ],
  },
}

test('is kept after use and holds a file system', () => {
  const { spec, status } = created(VOLUME)
  assert.equal(spec.persistentVolumeReclaimPolicy, 'Retain')
  assert.equal(spec.volumeMode, 'Filesystem')
  assert.deepEqual(spec.hostPath, { path: '/data', type: '' })
  assert.deepEqual(status, { phase: 'Pending' })
})

refuses(VOLUME, [
  ['has a source', { 'spec.hostPath': undefined }, ['spec: Required value: must specify a volume type']],
  [
    'has one source',
    { 'spec.nfs': { server: 's', path: '/p' } },
    ['spec.nfs: Forbidden: may not specify more than 1 volume type'],
  ],
  [
    'has a capacity and access modes',
    { 'spec.capacity': {}, 'spec.accessModes': [] },
    [
      'spec.accessModes: Required value',
      'spec.capacity: Required value',
      'spec.capacity: Unsupported value: {}: supported values: "storage"',
    ],
  ],
  [
    'has room',
    { 'spec.capacity.storage': '0' },
    ['spec.capacity[storage]: Invalid value: "0": must be greater than zero'],
  ],
  [
    'knows its policies and modes',
    { 'spec.persistentVolumeReclaimPolicy': 'Burn', 'spec.volumeMode': 'Tape' },
    [
      'spec.persistentVolumeReclaimPolicy: Unsupported value: "Burn": supported values: "Delete", "Recycle", "Retain"',
      'spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"',
    ],
  ],
  [
    'never recycles a whole machine',
    { 'spec.persistentVolumeReclaimPolicy': 'Recycle', 'spec.hostPath.path': '/' },
    ["spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"],
  ],
  [
    'says on which node a local disk is',
    { 'spec.hostPath': undefined, 'spec.local': { path: '/disk' } },
    ['spec.nodeAffinity: Required value: Local volume requires node affinity'],
  ],
  [
    'accepts a local disk with its node',
    { 'spec.hostPath': undefined, 'spec.local': { path: '/disk' }, 'spec.nodeAffinity': AFFINITY },
    [],
  ],
  [
    'does not climb',
    { 'spec.hostPath.path': '/a/../b' },
    ['spec.hostPath.path: Invalid value: "/a/../b": must not contain \'..\''],
  ],
  [
    'names a server and an absolute path',
    { 'spec.hostPath': undefined, 'spec.nfs': { path: 'x' } },
    ['spec.nfs.server: Required value', 'spec.nfs.path: Invalid value: "x": must be an absolute path'],
  ],
  [
    'names a CSI driver and a handle',
    {
      'spec.hostPath': undefined,
      'spec.csi': { driver: 'My_Driver', nodePublishSecretRef: { name: 'a' } },
    },
    [
      "spec.csi.driver: Invalid value: \"My_Driver\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      'spec.csi.volumeHandle: Required value',
      'spec.csi.nodePublishSecretRef.namespace: Required value',
    ],
  ],
  [
    'says which nodes when it says anything',
    { 'spec.nodeAffinity': {} },
    ['spec.nodeAffinity.required: Required value: must specify required node constraints'],
  ],
])

refusesUpdates(withPaths(VOLUME, { 'spec.nodeAffinity': AFFINITY }), [
  [
    'keeps its source',
    { 'spec.hostPath.path': '/other' },
    ['spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation'],
  ],
  [
    'keeps its mode',
    { 'spec.volumeMode': 'Block' },
    ['volumeMode: Invalid value: "Block": field is immutable'],
  ],
  [
    'keeps its node',
    { 'spec.nodeAffinity': undefined },
    ['nodeAffinity: Invalid value: null: field is immutable, except for updating from beta label to GA'],
  ],
])

test('may take the newer name of a label', () => {
  const zone = (key: string) => ({
    required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: ['a'] }] }] },
  })
  const old = withPaths(VOLUME, { 'spec.nodeAffinity': zone('failure-domain.beta.kubernetes.io/zone') })
  const renamed = withPaths(VOLUME, { 'spec.nodeAffinity': zone('topology.kubernetes.io/zone') })
  assert.deepEqual(updateErrors(old, renamed), [])
  assert.equal(updateErrors(renamed, old).length, 1)
  assert.deepEqual(warningsOf(old), [
    'spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  ])
})

test('warns of sources that are gone', () => {
  const rbd = { monitors: ['m'], image: 'i' }
  assert.deepEqual(warningsOf(withPaths(VOLUME, { 'spec.hostPath': undefined, 'spec.rbd': rbd })), [
    'spec.rbd: deprecated in v1.28, non-functional in v1.31+',
  ])
})

test('warns of recycling', () => {
  assert.deepEqual(warningsOf(withPaths(VOLUME, { 'spec.persistentVolumeReclaimPolicy': 'Recycle' })), [
    'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
  ])
})

test('the table shows the claim and the end', () => {
  const cells = cellsOf(
    withPaths(VOLUME, {
      'spec.claimRef': { namespace: 'a', name: 'b' },
      'metadata.deletionTimestamp': '2025-01-01T00:00:00Z',
    }),
  )
  assert.equal(cells['Claim'], 'a/b')
  assert.equal(cells['Status'], 'Terminating')
  assert.equal(cells['Capacity'], '5Gi')
  assert.equal(cells['Access Modes'], 'RWO')
})
