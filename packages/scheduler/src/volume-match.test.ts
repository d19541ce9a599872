import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { node } from './fixtures.ts'
import type { Json } from './pod-info.ts'
import { matchingVolume, mismatch } from './volume-match.ts'

const claim = (spec: Json = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'ns', uid: 'c1' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
})

const volume = (name: string, spec: Json = {}, more: Json = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name, ...more.metadata },
  spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], ...spec },
  status: more.status ?? { phase: 'Available' },
})

const on = (value: string) => ({
  required: {
    nodeSelectorTerms: [
      { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [value] }] },
    ],
  },
})

const found = (...args: Parameters<typeof matchingVolume>) => matchingVolume(...args)?.metadata.name

describe('the volume for a claim', () => {
  it('is the smallest that is large enough', () => {
    const sizes = ['500Mi', '10Gi', '2Gi', '3Gi'].map((storage) => volume(storage, { capacity: { storage } }))
    assert.equal(found(claim(), sizes), '2Gi')
  })

  it('has the class, the modes and the labels that the claim asks for', () => {
    const cases: [string, Json, KubeObject, boolean][] = [
      ['another class', { storageClassName: 'fast' }, volume('v'), false],
      ['its class', { storageClassName: 'fast' }, volume('v', { storageClassName: 'fast' }), true],
      ['an access mode less', { accessModes: ['ReadWriteMany'] }, volume('v'), false],
      ['a block device', {}, volume('v', { volumeMode: 'Block' }), false],
      ['other labels', { selector: { matchLabels: { disk: 'ssd' } } }, volume('v'), false],
      [
        'its labels',
        { selector: { matchLabels: { disk: 'ssd' } } },
        volume('v', {}, { metadata: { labels: { disk: 'ssd' } } }),
        true,
      ],
      ['released', {}, volume('v', {}, { status: { phase: 'Released' } }), false],
      ['being deleted', {}, volume('v', {}, { metadata: { deletionTimestamp: 'now' } }), false],
      ["someone else's", {}, volume('v', { claimRef: { namespace: 'ns', name: 'other' } }), false],
      [
        "its predecessor's",
        {},
        volume('v', { claimRef: { namespace: 'ns', name: 'data', uid: 'c0' } }),
        false,
      ],
    ]
    for (const [title, spec, one, suits] of cases) {
      assert.equal(found(claim(spec), [one]), suits ? 'v' : undefined, title)
    }
  })

  it('is the one that was reserved for it, however large others are', () => {
    const reserved = volume('reserved', {
      capacity: { storage: '9Gi' },
      claimRef: { namespace: 'ns', name: 'data' },
    })
    assert.equal(found(claim(), [volume('small'), reserved]), 'reserved')
    assert.equal(found(claim(), [reserved], { isDelayed: true }), 'reserved')
  })

  it('waits for the first pod when its class says so, and is one that the node of the pod reaches', () => {
    const here = volume('here', { nodeAffinity: on('a') })
    assert.equal(found(claim(), [here], { isDelayed: true }), undefined)
    assert.equal(found(claim(), [here], { node: node('a') }), 'here')
    assert.equal(found(claim(), [here], { node: node('b') }), undefined)
    assert.equal(found(claim(), [here], { node: node('a'), taken: new Set(['here']) }), undefined)
  })

  it('that a claim names itself is refused with the reason', () => {
    assert.equal(
      mismatch(volume('v', { capacity: { storage: '1Mi' } }), claim()),
      'requested PV is too small',
    )
    assert.equal(
      mismatch(volume('v'), claim({ storageClassName: 'fast' })),
      'storageClassName does not match',
    )
    assert.equal(mismatch(volume('v'), claim({ accessModes: ['ReadWriteMany'] })), 'incompatible accessMode')
    assert.equal(mismatch(volume('v'), claim()), undefined)
  })
})
