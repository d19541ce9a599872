import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { seededRandom } from '@brume/base/seeded-random'
import { NOW, pod } from '../pod-control/testing.ts'
import { decideEnded, decidePod, type ObservedPod } from './decide.ts'

const node = (ready: string, taints: object[] = []): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n1' },
  spec: { taints },
  status: { conditions: [{ type: 'Ready', status: ready }] },
})
const outOfService = [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }]
const decide = (observed: Partial<ObservedPod>) =>
  decidePod({ pod: pod(), node: undefined, nodeIsGone: false, ...observed }, NOW)

describe('pod garbage collector', () => {
  const cases: [string, Partial<ObservedPod>, number][] = [
    [
      'deletes a pod that was never scheduled and is being deleted',
      { pod: pod({ node: '', leaving: true }) },
      1,
    ],
    ['keeps a pod that waits for a node', { pod: pod({ node: '' }) }, 0],
    ['keeps a pod on a node', { node: node('Unknown', outOfService) }, 0],
    [
      'keeps a leaving pod on a node that is only lost',
      { pod: pod({ leaving: true }), node: node('Unknown') },
      0,
    ],
    [
      'deletes a leaving pod on a node that is out of service',
      { pod: pod({ leaving: true }), node: node('Unknown', outOfService) },
      1,
    ],
    [
      'keeps a leaving pod on a node that is ready again',
      { pod: pod({ leaving: true }), node: node('True', outOfService) },
      0,
    ],
    ['deletes a pod whose node is gone', { missingSince: NOW - 40_000, nodeIsGone: true }, 1],
    ['keeps a pod whose node only we do not know', { missingSince: NOW - 40_000 }, 0],
  ]
  for (const [title, observed, count] of cases) {
    it(title, () => assert.equal(decide(observed).actions.length, count))
  }

  it('waits before it believes that a node is gone', () => {
    assert.deepEqual(decide({ missingSince: NOW - 10_000 }), { actions: [], requeueAfterMs: 30_000 })
  })

  it('marks a pod that had not ended as failed', () => {
    const gone = { missingSince: NOW - 60_000, nodeIsGone: true }
    assert.equal(decide(gone).actions[0]!.failed, 'PodGC: node no longer exists')
    assert.equal(decide({ ...gone, pod: pod({ phase: 'Succeeded' }) }).actions[0]!.failed, undefined)
  })

  it('never leaves more ended pods than the threshold, nor deletes a younger one before an older', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = seededRandom(seed)
      const pods = Array.from({ length: random.below(20) }, () =>
        pod({ phase: 'Failed', ageSeconds: random.below(9000) }),
      )
      const threshold = random.below(15)
      const deleted = decideEnded(pods, threshold).actions.map((action) => action.pod)
      assert.equal(deleted.length, Math.max(0, pods.length - threshold), `seed ${seed}`)
      const ages = (some: KubeObject[]) => some.map(({ metadata }) => Date.parse(metadata.creationTimestamp!))
      const kept = pods.filter((one) => !deleted.includes(one))
      assert.ok(
        Math.max(0, ...ages(deleted)) <= Math.min(Number.MAX_SAFE_INTEGER, ...ages(kept)),
        `seed ${seed}`,
      )
    }
  })
})
