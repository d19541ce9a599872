import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { seededRandom } from '@brume/base/seeded-random'
import { latestRevision } from '../pod-control/history.ts'
import { OwnedObjects } from '../pod-control/owner.ts'
import { at, LateWatch, NOW, type PodOptions, pod } from '../pod-control/testing.ts'
import { decideStatefulSet, type StatefulSetAction } from './decide.ts'
import { claimsAt, ordinalOf, podAt, SET_KIND } from './identity.ts'
import type { ObservedStatefulSet } from './observe.ts'
import { isRunningReady } from './status.ts'

function statefulSet(spec: object = {}, version = '1', status: object = {}): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace: 'ns', uid: 'uid-db', generation: 1 },
    spec: {
      replicas: 3,
      serviceName: 'svc',
      selector: { matchLabels: { app: 'a' } },
      podManagementPolicy: 'OrderedReady',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      template: {
        metadata: { labels: { app: 'a' } },
        spec: { containers: [{ name: 'main', image: `i:${version}` }] },
      },
      ...spec,
    },
    status,
  }
}

const revisionOf = (set: KubeObject): KubeObject => {
  const { step } = latestRevision({ owner: set, kind: SET_KIND, revisions: [], namesake: undefined })
  return (step as { revision: KubeObject }).revision
}

/** The set's pod of an ordinal, of the set's own version. */
function member(set: KubeObject, ordinal: number, options: PodOptions = {}): KubeObject {
  const revision = revisionOf(set)
  const made = podAt(set, ordinal, { template: set['spec'].template, revision: revision.metadata.name! })
  const state = pod({ owner: set, name: made.metadata.name!, ...options })
  return { ...state, metadata: { ...state.metadata, labels: made.metadata.labels! }, spec: made['spec'] }
}

function decide(set: KubeObject, owned: KubeObject[] = [], more: Partial<ObservedStatefulSet> = {}) {
  const none = { orphans: [], orphanRevisions: [], revisions: [revisionOf(set)], claims: new Map() }
  return decideStatefulSet({ set, owned, ...none, ...more }, NOW)
}

/** The action of that type, also where one shape serves several types. */
type Of<T, A = StatefulSetAction> = A extends { type: infer U } ? (T extends U ? A : never) : never
const of = <T extends StatefulSetAction['type']>(actions: readonly StatefulSetAction[], type: T) =>
  actions.filter((action) => action.type === type) as Of<T>[]
/** `+0` for a pod that is made, `-2` for one that is deleted. */
const moves = (plan: ReturnType<typeof decide>): string[] =>
  plan.actions.flatMap((action) => {
    if (action.type === 'createPod') return [`+${ordinalOf(action.set, action.pod)}`]
    if (action.type === 'deletePod') return [`-${ordinalOf(action.set, action.pod)}`]
    return []
  })

describe('deciding about a StatefulSet', () => {
  const set = statefulSet()
  const parallel = statefulSet({ podManagementPolicy: 'Parallel' })
  const starting = { phase: 'Pending' }
  const leaving = { leaving: true }
  const cases: [string, KubeObject, [number, PodOptions?][], string[]][] = [
    ['makes the first pod', set, [], ['+0']],
    ['waits for a pod that is not ready', set, [[0, starting]], []],
    ['makes the next one after it', set, [[0]], ['+1']],
    ['fills a gap before what comes later', set, [[0], [2]], ['+1']],
    ['waits while a pod is being deleted', set, [[0, leaving], [1], [2]], []],
    ['replaces a pod that failed', set, [[0], [1, { phase: 'Failed' }], [2]], ['-1']],
    ['replaces a pod that ended', set, [[0, { phase: 'Succeeded' }]], ['-0']],
    ['does nothing when all run', set, [[0], [1], [2]], []],
    ['removes from the last', set, [[0], [1], [2], [3], [4]], ['-4']],
    ['removes nothing while one is being removed', set, [[0], [1], [2], [3], [4, leaving]], []],
    ['removes nothing while a pod before is not ready', set, [[0], [1], [2, starting], [3], [4]], []],
    ['removes a broken last one', set, [[0], [1], [2], [3, starting]], ['-3']],
    [
      'does not remove others while a surplus one is broken',
      set,
      [[0], [1], [2], [3, starting], [4, starting]],
      [],
    ],
    ['makes all at once when Parallel', parallel, [], ['+0', '+1', '+2']],
    ['waits for none when Parallel', parallel, [[1, starting]], ['+0', '+2']],
    ['removes all at once when Parallel', parallel, [[0], [1], [2], [3], [4, starting]], ['-4', '-3']],
    ['starts where it was told', statefulSet({ ordinals: { start: 4 } }), [], ['+4']],
    ['moves to other ordinals', statefulSet({ ordinals: { start: 1 } }), [[0], [1], [2], [3]], ['-0']],
    ['waits for pods to be available', statefulSet({ minReadySeconds: 60 }), [[0, { readySeconds: 10 }]], []],
  ]
  for (const [what, object, pods, expected] of cases) {
    it(what, () => {
      assert.deepEqual(
        moves(
          decide(
            object,
            pods.map(([ordinal, options]) => member(object, ordinal, options)),
          ),
        ),
        expected,
      )
    })
  }

  it('looks again when a pod becomes available', () => {
    const slow = statefulSet({ minReadySeconds: 60 })
    assert.equal(decide(slow, [member(slow, 0, { readySeconds: 10 })]).requeueAfterMs, 50_000)
  })

  it('makes its revision first, and gives pods its name', () => {
    const { actions } = decide(set, [], { revisions: [] })
    assert.deepEqual(
      actions.map(({ type }) => type),
      ['createRevision'],
    )
    const made = of(decide(set).actions, 'createPod')[0]!.pod
    assert.deepEqual(made.metadata.labels, {
      app: 'a',
      'statefulset.kubernetes.io/pod-name': 'db-0',
      'apps.kubernetes.io/pod-index': '0',
      'controller-revision-hash': revisionOf(set).metadata.name,
    })
    assert.deepEqual(
      [made.metadata.name, made['spec'].hostname, made['spec'].subdomain],
      ['db-0', 'db-0', 'svc'],
    )
  })

  it('takes over only pods that have one of its names', () => {
    const { actions } = decide(set, [], {
      orphans: [pod({ name: 'db-0' }), pod({ name: 'other' }), pod({ name: 'db-x' })],
    })
    assert.deepEqual(
      of(actions, 'adopt').map(({ pod: { metadata } }) => metadata.name),
      ['db-0'],
    )
  })

  it('does nothing but tell its status once it is being deleted', () => {
    const going = { ...set, metadata: { ...set.metadata, deletionTimestamp: at(0) } }
    assert.deepEqual(
      decide(going, [member(set, 0)]).actions.map(({ type }) => type),
      ['setStatus'],
    )
  })
})

describe('updating a StatefulSet', () => {
  const old = statefulSet()
  const status = { currentRevision: revisionOf(old).metadata.name }
  const update = (spec: object = {}) => statefulSet(spec, '2', status)
  const revisions = (set: KubeObject) => [revisionOf(old), { ...revisionOf(set), revision: 2 }]
  const run = (set: KubeObject, owned: KubeObject[]) => decide(set, owned, { revisions: revisions(set) })
  const all = (...newOnes: number[]) => [0, 1, 2].map((n) => member(newOnes.includes(n) ? update() : old, n))

  it('goes from the last to the first, one healthy pod after another', () => {
    assert.deepEqual(moves(run(update(), all())), ['-2'])
    assert.deepEqual(moves(run(update(), all(2))), ['-1'])
    assert.deepEqual(moves(run(update(), all(1, 2))), ['-0'])
    assert.deepEqual(moves(run(update(), all(0, 1, 2))), [])
    assert.deepEqual(
      moves(run(update(), [member(old, 0), member(old, 1), member(update(), 2, { phase: 'Pending' })])),
      [],
    )
  })

  it('is one at a time for Parallel pods too', () => {
    const set = update({ podManagementPolicy: 'Parallel' })
    assert.deepEqual(moves(run(set, all())), ['-2'])
    assert.deepEqual(
      moves(run(set, [member(old, 0), member(old, 1), member(update(), 2, { phase: 'Pending' })])),
      [],
    )
  })

  it('stops at the partition, and makes lost pods below it of the old version', () => {
    const set = update({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } })
    assert.deepEqual(moves(run(set, all(2))), [])
    const lost = run(set, all(2).slice(1))
    const made = of(lost.actions, 'createPod')[0]!.pod
    assert.equal(made['spec'].containers[0].image, 'i:1')
    const above = of(run(set, [member(old, 0), member(old, 1)]).actions, 'createPod')[0]!.pod
    assert.equal(above['spec'].containers[0].image, 'i:2')
  })

  it('waits for people with OnDelete', () => {
    const set = update({ updateStrategy: { type: 'OnDelete' } })
    assert.deepEqual(moves(run(set, all())), [])
    assert.equal(of(run(set, all().slice(1)).actions, 'createPod')[0]!.pod['spec'].containers[0].image, 'i:2')
  })

  it('says which revision runs, and which it becomes', () => {
    const [first, second] = revisions(update()).map(({ metadata }) => metadata.name)
    assert.deepEqual(of(run(update(), all(2)).actions, 'setStatus')[0]!.status, {
      observedGeneration: 1,
      replicas: 3,
      readyReplicas: 3,
      currentReplicas: 2,
      updatedReplicas: 1,
      currentRevision: first,
      updateRevision: second,
      collisionCount: 0,
      availableReplicas: 3,
    })
    const done = of(run(update(), all(0, 1, 2)).actions, 'setStatus')[0]!.status as Record<string, unknown>
    assert.deepEqual([done['currentRevision'], done['currentReplicas']], [second, 3])
  })

  it('numbers a template that it has had before anew', () => {
    const { actions } = decide(old, [], { revisions: revisions(update()) })
    const { revision } = of(actions, 'updateRevision')[0]!.revision
    assert.equal(revision, 3)
  })

  it('forgets revisions that nothing uses beyond the limit', () => {
    const set = update({ revisionHistoryLimit: 1 })
    const ancient = ['7', '8'].map((version, n) => ({
      ...revisionOf(statefulSet({}, version)),
      revision: n - 5,
    }))
    const { actions } = decide(set, all(2), { revisions: [...revisions(set), ...ancient] })
    assert.deepEqual(
      of(actions, 'deleteRevision').map(({ revision }) => revision['revision']),
      [-5],
    )
  })
})

describe("a StatefulSet's claims", () => {
  const volumeClaimTemplates = [
    { metadata: { name: 'data', labels: { x: 'y' } }, spec: { accessModes: ['ReadWriteOnce'] } },
  ]
  const set = statefulSet({ volumeClaimTemplates })
  const claim = (ordinal: number, ownerReferences: object[] = []): [string, KubeObject] => {
    const [made] = claimsAt(set, ordinal)
    return [
      made!.metadata.name!,
      { ...made!, metadata: { ...made!.metadata, ownerReferences: ownerReferences as [] } },
    ]
  }
  const policy = (whenDeleted: string, whenScaled: string) =>
    statefulSet({
      volumeClaimTemplates,
      replicas: 1,
      persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled },
    })

  it('are made before the pod that uses them', () => {
    const { actions } = decide(set)
    assert.deepEqual(
      actions.map(({ type }) => type),
      ['setStatus', 'createClaim', 'createPod'],
    )
    const { metadata } = of(actions, 'createClaim')[0]!.claim
    assert.deepEqual([metadata.name, metadata.labels], ['data-db-0', { x: 'y', app: 'a' }])
    assert.deepEqual(of(actions, 'createPod')[0]!.pod['spec'].volumes, [
      { name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } },
    ])
  })

  it('that are there are used again, and those that go are waited for', () => {
    assert.deepEqual(of(decide(set, [], { claims: new Map([claim(0)]) }).actions, 'createClaim'), [])
    const stale = claim(0, [{ apiVersion: 'v1', kind: 'Pod', name: 'db-0', uid: 'earlier' }])
    assert.deepEqual(moves(decide(set, [], { claims: new Map([stale]) })), [])
  })

  it('are owned as the retention policy says', () => {
    const cases: [string, string, string[], string[]][] = [
      ['Retain', 'Retain', [], []],
      ['Delete', 'Retain', ['StatefulSet'], ['StatefulSet']],
      ['Retain', 'Delete', [], ['Pod']],
      ['Delete', 'Delete', ['StatefulSet'], ['Pod']],
    ]
    for (const [whenDeleted, whenScaled, kept, condemned] of cases) {
      const object = policy(whenDeleted, whenScaled)
      const owned = [member(object, 0), member(object, 1)]
      const { actions } = decide(object, owned, { claims: new Map([claim(0), claim(1)]) })
      const kinds = (name: string) => {
        const updated = of(actions, 'updateClaim').find((action) => action.claim.metadata.name === name)
        return (updated?.claim.metadata.ownerReferences ?? []).map(({ kind }) => kind)
      }
      assert.deepEqual(
        [kinds('data-db-0'), kinds('data-db-1')],
        [kept, condemned],
        `${whenDeleted} ${whenScaled}`,
      )
    }
  })
})

describe('a StatefulSet whose watch is late', () => {
  for (let seed = 1; seed <= 40; seed++) {
    it(`never makes a second pod of an ordinal nor takes two down by itself, and ends (seed ${seed})`, () => {
      simulate(seed)
    })
  }
})

/** Ordered pods that become ready at random, of sets that change their size and template. Deleted pods go later. */
function simulate(seed: number): void {
  const random = seededRandom(seed)
  const watch = new LateWatch()
  const pods = new OwnedObjects(watch, { now: () => NOW })
  let set = statefulSet({ replicas: 4 })
  let revisions: KubeObject[] = []
  let made = 0
  const perform = (action: StatefulSetAction) => {
    if (action.type === 'createRevision') revisions.push(action.revision)
    else if (action.type === 'updateRevision') {
      revisions = revisions.map((known) =>
        known.metadata.name === action.revision.metadata.name ? action.revision : known,
      )
    } else if (action.type === 'setStatus') set = { ...set, status: action.status }
    else if (action.type === 'createPod') {
      const key = `ns/${action.pod.metadata.name}`
      assert.ok(!watch.server.has(key), `${key} is there already`)
      const metadata = { ...action.pod.metadata, uid: `u${++made}` }
      pods.wrote(watch.put({ ...action.pod, metadata, status: { phase: 'Pending' } }))
    } else if (action.type === 'deletePod') {
      const known = watch.server.get(`ns/${action.pod.metadata.name}`)
      if (known === undefined || known.metadata.uid !== action.pod.metadata.uid) return
      pods.wrote(watch.put({ ...known, metadata: { ...known.metadata, deletionTimestamp: at(0) } }))
    }
  }
  const healthy = () =>
    pods
      .ownedBy('uid-db')
      .filter((object) => isRunningReady(object) && object.metadata.deletionTimestamp === undefined)
  const round = () => {
    const before = healthy().length
    const owned = pods.ownedBy('uid-db')
    const observed = { set, owned, orphans: [], revisions, orphanRevisions: [], claims: new Map() }
    const { actions } = decideStatefulSet(observed, NOW)
    for (const action of actions) perform(action)
    assert.ok(healthy().length >= before - 1, 'took two down at once')
    if (healthy().length < before)
      assert.ok(owned.every(({ metadata }) => metadata.deletionTimestamp === undefined))
  }
  const kubelet = (chance: number) => {
    for (const [key, object] of [...watch.server]) {
      if (!random.chance(chance)) continue
      if (object.metadata.deletionTimestamp !== undefined) watch.remove(key)
      else if (!isRunningReady(object)) {
        const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: at(-1000) }]
        watch.put({ ...object, status: { phase: 'Running', conditions } })
      }
    }
  }
  for (let step = 0; step < 80; step++) {
    round()
    if (random.chance(0.5)) kubelet(0.6)
    if (random.chance(0.06))
      set = statefulSet({ replicas: 1 + random.below(6) }, String(random.below(3)), set['status'])
    watch.deliverSome(random)
  }
  for (let step = 0; step < 80; step++) {
    kubelet(1)
    watch.deliver(watch.behind)
    round()
  }
  const [ordinals, image] = [set['spec'].replicas, set['spec'].template.spec.containers[0].image]
  const left = [...watch.server.values()]
  assert.deepEqual(
    left.map((object) => ordinalOf(set, object)).sort(),
    Array.from({ length: ordinals }, (_, n) => n),
  )
  assert.ok(left.every(({ spec }) => spec.containers[0].image === image))
}
