import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { decideClaim, type ObservedClaim, type VolumeAction } from './decide-claim.ts'
import { decideVolume } from './decide-volume.ts'

// biome-ignore lint/suspicious/noExplicitAny: objects as a test writes them
type Json = any

const COMPLETE = { 'pv.kubernetes.io/bind-completed': 'yes' }

const claim = ({ metadata, spec, phase = 'Pending' }: Json = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'ns', uid: 'c1', resourceVersion: '5', ...metadata },
  spec: {
    accessModes: ['ReadWriteOnce'],
    storageClassName: '',
    resources: { requests: { storage: '1Gi' } },
    ...spec,
  },
  status: { phase },
})

const volume = ({ metadata, spec, phase = 'Available' }: Json = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'pv', uid: 'v1', ...metadata },
  spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], ...spec },
  status: { phase },
})

const ref = { namespace: 'ns', name: 'data', uid: 'c1' }

function decide(object: KubeObject, more: Partial<ObservedClaim> = {}): readonly VolumeAction[] {
  const nothing = { volume: undefined, volumes: [], storageClass: undefined, defaultClass: undefined }
  return decideClaim({ claim: object, ...nothing, ...more }).actions
}

const types = (actions: readonly VolumeAction[]) => actions.map(({ type }) => type)
const reasons = (actions: readonly VolumeAction[]) =>
  actions.flatMap((action) => (action.type === 'say' ? [action.reason] : []))

describe('binding a claim', () => {
  it('reserves the volume before the claim says so, with the version of the volume that was looked at', () => {
    const free = volume({ metadata: { resourceVersion: '7' } })
    const actions = decide(claim(), { volumes: [free] })
    assert.deepEqual(types(actions), ['reserve', 'volumePhase', 'patchClaim', 'claimStatus'])
    const { metadata, spec } = (actions[0] as Extract<VolumeAction, { type: 'reserve' }>).volume
    assert.deepEqual([metadata.resourceVersion, spec.claimRef.uid], ['7', 'c1'])
  })

  it('goes on where it stopped', () => {
    const reserved = volume({ spec: { claimRef: ref } })
    const named = claim({ spec: { volumeName: 'pv' }, metadata: { annotations: COMPLETE } })
    const steps: [string, KubeObject, KubeObject, string[]][] = [
      ['reserved', claim(), reserved, ['volumePhase', 'patchClaim', 'claimStatus']],
      [
        'reserved and said so',
        claim(),
        volume({ spec: { claimRef: ref }, phase: 'Bound' }),
        ['patchClaim', 'claimStatus'],
      ],
      ['named', named, volume({ spec: { claimRef: ref }, phase: 'Bound' }), ['claimStatus']],
      [
        'done',
        { ...named, status: { phase: 'Bound' } },
        volume({ spec: { claimRef: ref }, phase: 'Bound' }),
        [],
      ],
    ]
    for (const [title, object, pv, wanted] of steps) {
      assert.deepEqual(types(decide(object, { volume: pv, volumes: [pv] })), wanted, title)
    }
  })

  it('waits for the first pod, and tells a provisioner once the pod has a node', () => {
    const storageClass = {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'local' },
      provisioner: 'brume.dev/local',
      volumeBindingMode: 'WaitForFirstConsumer',
    }
    const waiting = claim({ spec: { storageClassName: 'local' } })
    assert.deepEqual(reasons(decide(waiting, { storageClass })), ['WaitForFirstConsumer'])
    const annotations = { 'volume.kubernetes.io/selected-node': 'n1' }
    const selected = claim({ spec: { storageClassName: 'local' }, metadata: { annotations } })
    const actions = decide(selected, { storageClass })
    assert.deepEqual(types(actions), ['patchClaim', 'say'])
    assert.deepEqual(reasons(actions), ['ExternalProvisioning'])
  })

  it('gives a claim without a class the default one', () => {
    const object = claim({ spec: { storageClassName: undefined } })
    assert.deepEqual(decide(object, { defaultClass: 'local' }), [
      { type: 'patchClaim', claim: object, spec: { storageClassName: 'local' } },
    ])
    assert.deepEqual(reasons(decide(object)), ['FailedBinding'])
  })

  it('never takes a volume that is promised to another claim', () => {
    const other = volume({ spec: { claimRef: { ...ref, uid: 'c0' } }, phase: 'Bound' })
    assert.deepEqual(types(decide(claim(), { volumes: [other] })), ['say'])
    const named = claim({ spec: { volumeName: 'pv' } })
    assert.deepEqual(types(decide(named, { volume: other })), ['say'])
    const complete = claim({
      spec: { volumeName: 'pv' },
      metadata: { annotations: COMPLETE },
      phase: 'Bound',
    })
    assert.deepEqual(reasons(decide(complete, { volume: other })), ['ClaimMisbound'])
  })

  it('says once that a bound claim has lost its volume', () => {
    const bound = claim({ spec: { volumeName: 'pv' }, metadata: { annotations: COMPLETE }, phase: 'Bound' })
    assert.deepEqual(types(decide(bound)), ['claimStatus', 'say'])
    assert.deepEqual(decide({ ...bound, status: { phase: 'Lost' } }), [])
  })

  it('leaves a claim that is being deleted alone', () => {
    const leaving = claim({ metadata: { deletionTimestamp: 'now' } })
    assert.deepEqual(decide(leaving, { volumes: [volume()] }), [])
  })
})

describe('a volume', () => {
  const phases = (pv: KubeObject, object?: KubeObject) =>
    decideVolume({ volume: pv, claim: object }).actions.map((action) =>
      action.type === 'volumePhase' ? action.phase : action.type,
    )
  const named = claim({ spec: { volumeName: 'pv' } })

  it('is available while no claim that exists is promised it', () => {
    assert.deepEqual(phases(volume({ phase: 'Pending' })), ['Available'])
    assert.deepEqual(
      phases(volume({ phase: 'Pending', spec: { claimRef: { namespace: 'ns', name: 'data' } } })),
      ['Available'],
    )
    assert.deepEqual(phases(volume()), [])
  })

  it('is released when its claim is gone or another one has its name, and stays so', () => {
    const bound = volume({ spec: { claimRef: ref }, phase: 'Bound' })
    assert.deepEqual(phases(bound), ['Released'])
    assert.deepEqual(phases(bound, claim({ metadata: { uid: 'c2' } })), ['Released'])
    assert.deepEqual(phases({ ...bound, status: { phase: 'Released' } }), [])
    assert.deepEqual(phases(bound, named), [])
  })

  it('is free again when its claim took another one', () => {
    const annotations = { 'pv.kubernetes.io/bound-by-controller': 'yes' }
    const spec = { claimRef: ref }
    const elsewhere = claim({ spec: { volumeName: 'other' } })
    const chosen = decideVolume({ volume: volume({ spec, metadata: { annotations } }), claim: elsewhere })
    const [action] = chosen.actions as [Extract<VolumeAction, { type: 'unreserve' }>]
    assert.equal(action.claimRef, null)
    const byPerson = decideVolume({ volume: volume({ spec }), claim: elsewhere }).actions[0]
    assert.deepEqual((byPerson as typeof action).claimRef, { namespace: 'ns', name: 'data' })
  })
})
