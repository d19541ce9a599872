import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import type { Placed } from '@brume/scheduler/place'
import { SELECTED_NODE } from '@brume/scheduler/volumes'
import type { Waiting } from './queue.ts'
import { VolumeWaits } from './volume-waits.ts'

// biome-ignore lint/suspicious/noExplicitAny: objects as a test writes them
type Json = any

const claim = ({ version = 5, node = 'n1', uid = 'c1', phase = 'Pending' }: Json = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: {
    name: 'data',
    namespace: 'ns',
    uid,
    resourceVersion: String(version),
    ...(node && { annotations: { [SELECTED_NODE]: node } }),
  },
  spec: phase === 'Bound' ? { volumeName: 'pv' } : {},
  status: { phase },
})

/** What comes of a pod that waits when the cache says this of its claim. */
function outcome(known: KubeObject | undefined, now = 0): string {
  const waits = new VolumeWaits()
  const waiting = { info: { uid: 'p' } } as Waiting
  waits.add({ waiting, placed: { node: 'n1' } as Placed, claims: [claim()], untilMs: 1000 })
  const taken = waits.take(now, () => known)
  if (taken === undefined) return 'waits'
  assert.equal(
    waits.take(now, () => known),
    undefined,
  )
  return taken.isBound ? 'bound' : 'again'
}

describe('a pod that waits for its claim', () => {
  it('is bound when the claim is, and placed anew when the claim went or its node was taken back', () => {
    assert.equal(outcome(claim({ version: 7, phase: 'Bound' })), 'bound')
    assert.equal(outcome(claim({ version: 6 })), 'waits')
    assert.equal(outcome(undefined), 'again')
    assert.equal(outcome(claim({ uid: 'c2' })), 'again')
    assert.equal(outcome(claim({ version: 8, node: '' })), 'again')
  })

  it('is not misled by a cache that is older than its own write', () => {
    assert.equal(outcome(claim({ version: 4, node: '' })), 'waits')
  })

  it('gives up in the end', () => {
    assert.equal(outcome(claim(), 999), 'waits')
    assert.equal(outcome(claim(), 1000), 'again')
  })

  it('is looked at again when its claim changes, and not otherwise', () => {
    const waits = new VolumeWaits()
    const waiting = { info: { uid: 'p' } } as Waiting
    waits.add({ waiting, placed: { node: 'n1' } as Placed, claims: [claim()], untilMs: 1000 })
    assert.equal(
      waits.take(0, () => claim()),
      undefined,
    )
    const bound = claim({ version: 9, phase: 'Bound' })
    assert.equal(
      waits.take(0, () => bound),
      undefined,
    )
    assert.equal(waits.claimChanged(bound), true)
    assert.equal(waits.take(0, () => bound)?.isBound, true)
    assert.equal(waits.claimChanged(bound), false)
  })
})
