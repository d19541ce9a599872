import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  CLEARING,
  DIRECTORY,
  FINALIZER,
  PROVISIONED_BY,
  PROVISIONER,
  TO_CLEAR,
} from '@brume/api/local-volumes'
import type { KubeObject } from '@brume/api/object'
import { decideProvision } from './provision.ts'
import { decideReclaim } from './reclaim.ts'

// biome-ignore lint/suspicious/noExplicitAny: objects as a test writes them
type Json = any

const storageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'local' },
  provisioner: PROVISIONER,
}
const SELECTED = { 'volume.kubernetes.io/selected-node': 'n1' }

const claim = (spec: Json = {}, annotations: Record<string, string> = SELECTED): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'ns', uid: 'c1', annotations },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
})

const node = (annotations: Record<string, string> = { [DIRECTORY]: '/d' }): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n1', labels: { 'kubernetes.io/hostname': 'host-1' }, annotations },
})

describe('a claim of the class local', () => {
  const provision = (more: Json = {}) =>
    decideProvision({ claim: claim(), storageClass, node: node(), hasVolume: false, ...more }).actions

  it('gets a directory of the node that was chosen, and only there', () => {
    const [action] = provision() as [{ type: 'create'; volume: KubeObject }]
    const { metadata, spec } = action.volume
    assert.deepEqual(
      [metadata.name, spec.hostPath.path, spec.claimRef.uid, spec.persistentVolumeReclaimPolicy],
      ['pvc-c1', '/d/pvc-c1', 'c1', 'Delete'],
    )
    const [term] = spec.nodeAffinity.required.nodeSelectorTerms
    assert.deepEqual(term.matchExpressions[0].values, ['host-1'])
  })

  it("waits for a node, and is nobody else's business", () => {
    for (const more of [
      { claim: claim({}, {}) },
      { hasVolume: true },
      { claim: claim({ volumeName: 'pv' }) },
      { storageClass: { ...storageClass, provisioner: 'example.org/disks' } },
      { storageClass: undefined },
    ]) {
      assert.deepEqual(provision(more), [])
    }
  })

  it('goes back to the scheduler when its node is gone', () => {
    assert.deepEqual(
      provision({ node: undefined }).map(({ type }) => type),
      ['unselect'],
    )
  })

  it('is told what is not possible', () => {
    const cases: [Json, RegExp][] = [
      [{ claim: claim({ accessModes: ['ReadWriteMany'] }) }, /ReadWriteMany is not possible/],
      [{ claim: claim({ volumeMode: 'Block' }) }, /volumeMode Block is not possible/],
      [{ claim: claim({ selector: {} }) }, /take the selector away/],
      [{ node: node({}) }, /node n1 has no directory for local volumes/],
    ]
    for (const [more, pattern] of cases) {
      const [action] = provision(more) as unknown as [{ message: string }]
      assert.match(action.message, pattern)
    }
  })
})

describe('a local volume that nobody uses', () => {
  const volume = ({ metadata, policy = 'Delete', phase = 'Released' }: Json = {}): KubeObject => ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: 'pvc-c1',
      finalizers: [FINALIZER],
      ...metadata,
      annotations: { [PROVISIONED_BY]: PROVISIONER, ...metadata?.annotations },
    },
    spec: { persistentVolumeReclaimPolicy: policy },
    status: { phase },
  })
  const leaving = { deletionTimestamp: 'now' }
  const marked = { ...leaving, annotations: { [CLEARING]: 'true' } }
  const steps = (pv: KubeObject, at: KubeObject | undefined = node()) =>
    decideReclaim({ volume: pv, node: at }).actions.map(({ type }) => type)

  it('is deleted, its node is told, and it goes when the node has cleared it', () => {
    assert.deepEqual(steps(volume()), ['delete'])
    assert.deepEqual(steps(volume({ metadata: leaving })), ['tellNode', 'markClearing'])
    const told = node({ [TO_CLEAR]: 'pvc-c0,pvc-c1' })
    assert.deepEqual(steps(volume({ metadata: leaving }), told), ['markClearing'])
    assert.deepEqual(steps(volume({ metadata: marked }), told), [])
    assert.deepEqual(steps(volume({ metadata: marked })), ['letGo'])
  })

  it('never loses its directory while it is retained, bound or held', () => {
    assert.deepEqual(steps(volume({ policy: 'Retain' })), [])
    assert.deepEqual(steps(volume({ phase: 'Bound' })), [])
    const finalizers = [FINALIZER, 'kubernetes.io/pv-protection']
    assert.deepEqual(steps(volume({ metadata: { ...leaving, finalizers } })), [])
    assert.deepEqual(steps(volume({ policy: 'Retain', metadata: leaving })), ['letGo'])
  })

  it('goes with its node', () => {
    const action = decideReclaim({ volume: volume({ metadata: leaving }), node: undefined }).actions[0]
    assert.equal(action?.type, 'letGo')
  })

  it('of someone else is left alone', () => {
    const other = volume()
    assert.deepEqual(steps({ ...other, metadata: { ...other.metadata, annotations: {} } }), [])
  })
})
