import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { seededRandom } from '@brume/base/seeded-random'
import { at, NOW, pod } from '../pod-control/testing.ts'
import { decideBudget, type ObservedBudget } from './decide.ts'
import { type Expected, expectedPods } from './expected.ts'

const budget = (spec: object, status?: object): KubeObject => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'b', namespace: 'ns', uid: 'b', generation: 2 },
  spec: { selector: { matchLabels: { app: 'a' } }, ...spec },
  ...(status === undefined ? {} : { status }),
})
const managed = (pods: number): Expected => ({ pods, unmanaged: [] })
const pods = (ready: number, unready = 0): KubeObject[] => [
  ...Array.from({ length: ready }, () => pod()),
  ...Array.from({ length: unready }, () => pod({ readySeconds: -1 })),
]
const statusOf = (observed: ObservedBudget): KubeObject['status'] => {
  const action = decideBudget(observed, NOW).actions.find(({ type }) => type === 'setStatus')
  return action?.type === 'setStatus' ? action.status : undefined
}

describe('pod disruption budget', () => {
  const cases: [string, object, KubeObject[], number, number[]][] = [
    // title, spec, pods, expected by scale, [allowed, healthy, desired, expected]
    ['counts the pods there are for a number of minAvailable', { minAvailable: 2 }, pods(3), 9, [1, 3, 2, 3]],
    ['takes a share of the scale, rounded up', { minAvailable: '50%' }, pods(3), 5, [0, 3, 3, 5]],
    ['allows what maxUnavailable leaves', { maxUnavailable: 1 }, pods(3), 3, [1, 3, 2, 3]],
    ['counts pods that are missing as unavailable', { maxUnavailable: 1 }, pods(2), 3, [0, 2, 2, 3]],
    ['rounds a share of maxUnavailable up', { maxUnavailable: '30%' }, pods(5), 5, [2, 5, 3, 5]],
    ['never wants less than none', { maxUnavailable: 9 }, pods(2), 3, [2, 2, 0, 3]],
    ['does not count pods that are not ready', { minAvailable: 1 }, pods(1, 2), 3, [0, 1, 1, 3]],
    ['allows nothing without pods', { minAvailable: 0 }, [], 0, [0, 0, 0, 0]],
  ]
  for (const [title, spec, own, scale, [allowed, healthy, desired, expected]] of cases) {
    it(title, () => {
      const status = statusOf({ budget: budget(spec), pods: own, expected: managed(scale) })
      const { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods: total } = status
      assert.deepEqual(
        [disruptionsAllowed, currentHealthy, desiredHealthy, total],
        [allowed, healthy, desired, expected],
      )
      const [condition] = status.conditions
      assert.equal(condition.status, allowed! > 0 ? 'True' : 'False')
      assert.equal(condition.reason, allowed! > 0 ? 'SufficientPods' : 'InsufficientPods')
      assert.equal(status.observedGeneration, 2)
    })
  }

  it('does not count a pod whose eviction was granted, until two minutes have passed', () => {
    const own = pods(3)
    const granted = { disruptedPods: { [own[0]!.metadata.name!]: at(-60_000) } }
    const observed = { budget: budget({ minAvailable: 1 }, granted), pods: own, expected: managed(3) }
    assert.equal(statusOf(observed).currentHealthy, 2)
    const plan = decideBudget(observed, NOW)
    assert.equal(plan.requeueAfterMs, 60_000)
    const later = decideBudget(observed, NOW + 60_000)
    assert.deepEqual(
      later.actions.map((action) => (action.type === 'say' ? action.text.reason : action.status)),
      [
        'NotDeleted',
        {
          ...statusOf({ ...observed, budget: budget({ minAvailable: 1 }) }),
          conditions: [
            {
              type: 'DisruptionAllowed',
              status: 'True',
              reason: 'SufficientPods',
              message: '',
              observedGeneration: 2,
              lastTransitionTime: at(60_000),
            },
          ],
        },
      ],
    )
  })

  it('forgets an eviction once the pod goes', () => {
    const leaving = pod({ leaving: true })
    const granted = { disruptedPods: { [leaving.metadata.name!]: at(0), gone: at(0) } }
    const status = statusOf({
      budget: budget({ minAvailable: 1 }, granted),
      pods: [leaving, ...pods(2)],
      expected: managed(3),
    })
    assert.equal(status.disruptedPods, undefined)
    assert.equal(status.currentHealthy, 2)
  })

  it('allows nothing, and says why, when the scale cannot be known', () => {
    const before = {
      disruptionsAllowed: 3,
      currentHealthy: 4,
      desiredHealthy: 1,
      expectedPods: 4,
      observedGeneration: 1,
    }
    const status = statusOf({
      budget: budget({ maxUnavailable: 1 }, before),
      pods: pods(4),
      expected: { why: 'no scale' },
    })
    assert.equal(status.disruptionsAllowed, 0)
    assert.equal(status.observedGeneration, 1)
    assert.deepEqual([status.conditions[0].reason, status.conditions[0].message], ['SyncFailed', 'no scale'])
  })

  it('counts each controller once, and names the pods without one', async () => {
    const owner = (name: string) => ({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name, uid: name },
    })
    const own = [
      pod({ owner: owner('x') }),
      pod({ owner: owner('x') }),
      pod({ owner: owner('y') }),
      pod({ name: 'lone' }),
    ]
    // Both sets are of one Deployment.
    const scales = { of: async () => ({ uid: 'deployment', replicas: 4 }) }
    assert.deepEqual(await expectedPods(own, scales), { pods: 4, unmanaged: ['lone'] })
    assert.deepEqual(await expectedPods([pod({ name: 'z', owner: owner('x') })], { of: async () => '' }), {
      why: 'found no controllers for pod "z"',
    })
  })

  it('never allows more than is healthy beyond what is wanted, and always settles', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = seededRandom(seed)
      const share = () => (random.chance(0.5) ? random.below(6) : `${random.below(101)}%`)
      const spec = random.chance(0.5) ? { minAvailable: share() } : { maxUnavailable: share() }
      const own = pods(random.below(5), random.below(3))
      const disrupted = Object.fromEntries(
        own
          .filter(() => random.chance(0.3))
          .map(({ metadata }) => [metadata.name, at(-random.below(240) * 1000)]),
      )
      const observed = {
        budget: budget(spec, { disruptedPods: disrupted }),
        pods: own,
        expected: managed(random.below(8)),
      }
      const status = statusOf(observed)
      assert.ok(status.disruptionsAllowed >= 0, `seed ${seed}`)
      const most = Math.max(0, status.currentHealthy - status.desiredHealthy)
      assert.ok(status.disruptionsAllowed <= most, `seed ${seed}`)
      const again = decideBudget({ ...observed, budget: budget(spec, status) }, NOW)
      assert.deepEqual(again.actions, [], `seed ${seed}`)
    }
  })
})
