import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { seededRandom } from '@brume/base/seeded-random'
import { OwnedObjects } from '../pod-control/owner.ts'
import { isActive } from '../pod-control/pod-state.ts'
import { podOf } from '../pod-control/template.ts'
import { at, LateWatch, NOW, type PodOptions, pod, reference } from '../pod-control/testing.ts'
import { decideReplicaSet, type ReplicaSetAction } from './decide.ts'
import { observeReplicaSet } from './observe.ts'

function replicaSet(spec: object = {}, status: object = { replicas: 0 }, metadata: object = {}): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'rs', namespace: 'ns', uid: 'uid-rs', generation: 1, ...metadata },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'a' } },
      template: { metadata: { labels: { app: 'a', full: 'yes' } }, spec: { containers: [] } },
      ...spec,
    },
    status,
  }
}

const own = (options: PodOptions = {}) => pod({ owner: replicaSet(), ...options })

function decide(
  set: KubeObject,
  {
    owned = [],
    orphans = [],
    failure,
  }: { owned?: KubeObject[]; orphans?: KubeObject[]; failure?: string } = {},
) {
  const observed = {
    replicaSet: set,
    owned,
    orphans,
    related: owned,
    ...(failure === undefined ? {} : { failure }),
  }
  return decideReplicaSet(observed, NOW)
}

const of = <T extends ReplicaSetAction['type']>(actions: readonly ReplicaSetAction[], type: T) =>
  actions.filter((action): action is Extract<ReplicaSetAction, { type: T }> => action.type === type)
const names = (pods: readonly KubeObject[]) => pods.map(({ metadata }) => metadata.name)
const statusOf = (plan: ReturnType<typeof decide>) =>
  of(plan.actions, 'setStatus')[0]?.status as Record<string, unknown>

describe('deciding about a ReplicaSet', () => {
  it('makes what is missing, at most 500 pods a round', () => {
    assert.equal(of(decide(replicaSet()).actions, 'createPods')[0]?.count, 2)
    assert.equal(of(decide(replicaSet(), { owned: [own()] }).actions, 'createPods')[0]?.count, 1)
    assert.equal(of(decide(replicaSet({ replicas: 9000 })).actions, 'createPods')[0]?.count, 500)
  })

  it('does not count pods that have ended or are being deleted', () => {
    for (const gone of [own({ phase: 'Failed' }), own({ phase: 'Succeeded' }), own({ leaving: true })]) {
      const { actions } = decide(replicaSet(), { owned: [own(), gone] })
      assert.equal(of(actions, 'createPods')[0]?.count, 1)
      assert.equal(statusOf({ actions })['replicas'], 1)
    }
  })

  it('deletes what is least worth keeping first', () => {
    const cases: [string, PodOptions, PodOptions][] = [
      ['not assigned', { node: '' }, {}],
      ['pending', { phase: 'Pending' }, {}],
      ['not ready', { readySeconds: -1 }, {}],
      ['of lower deletion cost', { cost: '-5' }, {}],
      ['of lower cost although older', { ageSeconds: 9000, readySeconds: 9000 }, { cost: '7' }],
      ['ready for less time', { readySeconds: 10 }, {}],
      ['often restarted', { restarts: 3 }, {}],
      ['younger', { ageSeconds: 3600 }, { ageSeconds: 360_000 }],
    ]
    for (const [why, first, second] of cases) {
      const [goes, stays] = [own({ ...first, name: 'z-goes' }), own({ ...second, name: 'a-stays' })]
      const { actions } = decide(replicaSet({ replicas: 1 }), { owned: [stays, goes] })
      assert.deepEqual(names(of(actions, 'deletePods')[0]!.pods), ['z-goes'], why)
    }
  })

  it('deletes from the node that holds the most pods of the application', () => {
    const owned = [
      own({ name: 'a', node: 'n1' }),
      own({ name: 'b', node: 'n2' }),
      own({ name: 'c', node: 'n2' }),
    ]
    const related = [...owned, own({ node: 'n1' }), own({ node: 'n1' })]
    const plan = decideReplicaSet({ replicaSet: replicaSet(), owned, orphans: [], related }, NOW)
    assert.deepEqual(names(of(plan.actions, 'deletePods')[0]!.pods), ['a'])
  })

  it('takes over pods that it selects and nobody controls, and lets go of those it no longer selects', () => {
    const orphan = pod({ name: 'orphan' })
    const stray = own({ name: 'stray', labels: { app: 'other' } })
    const { actions } = decide(replicaSet(), {
      owned: [own(), stray],
      orphans: [orphan, pod({ labels: {} })],
    })
    assert.deepEqual(
      actions.map(({ type }) => type),
      ['adopt', 'release', 'setStatus'],
    )
    assert.equal(of(actions, 'adopt')[0]!.pod, orphan)
    assert.equal(of(actions, 'release')[0]!.pod, stray)
  })

  it('makes, deletes and takes over nothing once it is being deleted, but keeps its status', () => {
    const leaving = replicaSet({}, { replicas: 0 }, { deletionTimestamp: at(0) })
    const { actions } = decide(leaving, { owned: [own()], orphans: [pod()] })
    assert.deepEqual(
      actions.map(({ type }) => type),
      ['setStatus'],
    )
  })

  it('counts replicas, fully labelled, ready and available ones', () => {
    const owned = [
      own({ labels: { app: 'a', full: 'yes' }, readySeconds: 100 }),
      own({ readySeconds: 10 }),
      own({ readySeconds: -1 }),
    ]
    const plan = decide(replicaSet({ replicas: 3, minReadySeconds: 30 }), { owned })
    assert.deepEqual(statusOf(plan), {
      replicas: 3,
      fullyLabeledReplicas: 1,
      readyReplicas: 2,
      availableReplicas: 1,
      observedGeneration: 1,
    })
    assert.equal(plan.requeueAfterMs, 20_000)
  })

  it('plans nothing when all is as it should be', () => {
    const status = { replicas: 2, readyReplicas: 2, availableReplicas: 2, observedGeneration: 1 }
    assert.deepEqual(decide(replicaSet({}, status), { owned: [own(), own()] }), { actions: [] })
  })

  it('says why pods cannot be made, and stops saying so when they can', () => {
    const plan = decide(replicaSet(), { failure: 'pods "x" is forbidden: exceeded quota' })
    assert.deepEqual(statusOf(plan)['conditions'], [
      {
        type: 'ReplicaFailure',
        status: 'True',
        lastTransitionTime: at(0),
        reason: 'FailedCreate',
        message: 'pods "x" is forbidden: exceeded quota',
      },
    ])
    const failed = replicaSet({}, statusOf(plan))
    assert.equal(statusOf(decide(failed))['conditions'], undefined)
  })

  it('selects by a map for a ReplicationController', () => {
    const controller = {
      ...replicaSet({ selector: { app: 'a' } }),
      apiVersion: 'v1',
      kind: 'ReplicationController',
    }
    assert.equal(of(decide(controller, { orphans: [pod()] }).actions, 'adopt').length, 1)
  })
})

describe('a ReplicaSet whose watch is late', () => {
  for (let seed = 1; seed <= 40; seed++) {
    it(`never runs more pods than it was asked for, and reaches the number (seed ${seed})`, () => {
      simulate(seed)
    })
  }
})

/** Rounds on stale views, with refused calls and pods that go by themselves. */
function simulate(seed: number): void {
  const random = seededRandom(seed)
  const watch = new LateWatch()
  const pods = new OwnedObjects(watch, { now: () => NOW })
  const failures = new Map<string, string>()
  let set = replicaSet({ replicas: 5 })
  let most = 5
  let created = 0
  const round = (refused: number) => {
    const view = { get: () => set, siblings: () => [], pods, failures }
    for (const action of decideReplicaSet(observeReplicaSet(view, 'ns/rs')!, NOW).actions) {
      if (action.type === 'createPods') {
        for (let i = 0; i < action.count && !random.chance(refused); i++) {
          const made = podOf(set['spec'].template, set, set)
          const name = `rs-${++created}`
          pods.wrote(
            watch.put({
              ...made,
              metadata: { ...made.metadata, name, uid: name },
              status: { phase: 'Pending' },
            }),
          )
        }
      } else if (action.type === 'deletePods') {
        for (const { metadata } of action.pods) {
          if (random.chance(refused)) break
          const object = watch.server.get(`ns/${metadata.name}`)
          watch.remove(`ns/${metadata.name}`)
          if (object !== undefined) pods.deleted(object, undefined)
        }
      }
    }
  }
  const running = () => [...watch.server.values()].filter(isActive)
  for (let step = 0; step < 60; step++) {
    const before = running().length
    round(0.2)
    assert.ok(running().length <= Math.max(most, before), `${running().length} pods of ${most}`)
    if (running().length > before) assert.ok(running().length <= most, 'made too many')
    if (random.chance(0.2)) {
      most = random.below(8)
      set = replicaSet({ replicas: most })
    }
    const [victim] = running()
    if (victim !== undefined && random.chance(0.1)) watch.remove(`ns/${victim.metadata.name}`)
    watch.deliverSome(random)
  }
  for (let i = 0; i < 3; i++) {
    watch.deliver(watch.behind)
    round(0)
  }
  assert.equal(running().length, most)
  for (const made of running()) assert.deepEqual(made.metadata.ownerReferences, [reference(set)])
}
