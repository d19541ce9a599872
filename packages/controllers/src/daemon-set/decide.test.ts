import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { seededRandom } from '@brume/base/seeded-random'
import { latestRevision } from '../pod-control/history.ts'
import { OwnedObjects } from '../pod-control/owner.ts'
import { isActive, isReady } from '../pod-control/pod-state.ts'
import { at, LateWatch, NOW, type PodOptions, pod } from '../pod-control/testing.ts'
import { daemonPod, nodeOfDaemon, SET_KIND } from './daemon-pod.ts'
import { type DaemonSetAction, decideDaemonSet } from './decide.ts'
import { FailedPods } from './failed-pods.ts'
import { fitOn } from './node-fit.ts'
import type { ObservedDaemonSet } from './observe.ts'

function daemonSet(spec: object = {}, podSpec: object = {}, version = '1'): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'ds', namespace: 'ns', uid: 'uid-ds', generation: 1 },
    spec: {
      selector: { matchLabels: { app: 'a' } },
      template: {
        metadata: { labels: { app: 'a' } },
        spec: { containers: [{ name: 'main', image: `i:${version}` }], ...podSpec },
      },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      ...spec,
    },
    status: {},
  }
}

const revisionOf = (set: KubeObject, known: readonly KubeObject[] = []): KubeObject => {
  const { revision, step } = latestRevision({
    owner: set,
    kind: SET_KIND,
    revisions: known,
    namesake: undefined,
  })
  return revision ?? (step as { revision: KubeObject }).revision
}
const node = (name: string, taints: object[] = [], labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels },
  spec: { taints },
})

/** The set's pod on a node, in the state that the options say. */
function on(name: string, set: KubeObject, options: PodOptions = {}): KubeObject {
  const state = pod({ owner: set, node: name, ...options })
  const made = daemonPod(set, name, revisionOf(set))
  const metadata = { ...state.metadata, labels: made.metadata.labels! }
  return { ...state, metadata, spec: { ...made['spec'], nodeName: name } }
}

function decide(
  set: KubeObject,
  nodes: KubeObject[],
  owned: KubeObject[] = [],
  more: Partial<ObservedDaemonSet> = {},
) {
  const before = { orphans: [], orphanRevisions: [], revisions: [revisionOf(set)], failedUntil: new Map() }
  return decideDaemonSet({ set, nodes, owned, ...before, ...more }, NOW)
}

const of = <T extends DaemonSetAction['type']>(actions: readonly DaemonSetAction[], type: T) =>
  actions.filter((action): action is Extract<DaemonSetAction, { type: T }> => action.type === type)
const created = (plan: ReturnType<typeof decide>) =>
  of(plan.actions, 'createPods').flatMap(({ nodes }) => nodes)
const deleted = (plan: ReturnType<typeof decide>) =>
  of(plan.actions, 'deletePods').flatMap(({ pods }) => pods.map(nodeOfDaemon))

describe('whether a daemon belongs on a node', () => {
  const taint = (effect: string, key = 'k') => [{ key, effect }]
  const term = (key: string, operator: string, values?: string[]) => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }],
        },
      },
    },
  })
  const cases: [string, KubeObject, object, boolean, boolean][] = [
    ['plain', node('n'), {}, true, true],
    ['tainted NoSchedule', node('n', taint('NoSchedule')), {}, false, true],
    ['tainted PreferNoSchedule', node('n', taint('PreferNoSchedule')), {}, true, true],
    ['tainted NoExecute', node('n', taint('NoExecute')), {}, false, false],
    ['tolerated', node('n', taint('NoExecute')), { tolerations: [{ operator: 'Exists' }] }, true, true],
    ['unschedulable', node('n', taint('NoSchedule', 'node.kubernetes.io/unschedulable')), {}, true, true],
    ['not ready', node('n', taint('NoExecute', 'node.kubernetes.io/not-ready')), {}, true, true],
    [
      'without network',
      node('n', taint('NoSchedule', 'node.kubernetes.io/network-unavailable')),
      {},
      false,
      true,
    ],
    [
      'without network, of the host',
      node('n', taint('NoSchedule', 'node.kubernetes.io/network-unavailable')),
      { hostNetwork: true },
      true,
      true,
    ],
    ['selected', node('n', [], { a: 'b' }), { nodeSelector: { a: 'b' } }, true, true],
    ['not selected', node('n'), { nodeSelector: { a: 'b' } }, false, false],
    ['of affinity', node('n', [], { n: '7' }), term('n', 'Gt', ['5']), true, true],
    ['not of affinity', node('n'), term('n', 'Exists'), false, false],
    ['another by name', node('n'), { nodeName: 'm' }, false, false],
  ]
  for (const [what, where, podSpec, run, stay] of cases) {
    it(`${run ? 'runs' : stay ? 'stays but does not start' : 'does not run'} on a node that is ${what}`, () => {
      assert.deepEqual(fitOn(where, daemonSet({}, podSpec)['spec'].template.spec), { run, stay })
    })
  }
})

describe('deciding about a DaemonSet', () => {
  it('makes its revision first', () => {
    const { actions } = decide(daemonSet(), [node('a')], [], { revisions: [] })
    assert.deepEqual(
      actions.map(({ type }) => type),
      ['createRevision'],
    )
    const { data, revision } = of(actions, 'createRevision')[0]!.revision
    assert.equal(revision, 1)
    assert.equal(data.spec.template.$patch, 'replace')
  })

  it('makes a pod on every node that fits and has none, pinned to it', () => {
    const set = daemonSet()
    const plan = decide(
      set,
      [node('a'), node('b'), node('c', [{ key: 'k', effect: 'NoSchedule' }])],
      [on('a', set)],
    )
    assert.deepEqual(created(plan), ['b'])
    const made = daemonPod(set, 'b', revisionOf(set))
    assert.equal(nodeOfDaemon(made), 'b')
    assert.equal(made['spec'].tolerations.length, 6)
  })

  it('makes none where one is still being deleted', () => {
    const set = daemonSet()
    assert.deepEqual(created(decide(set, [node('a')], [on('a', set, { leaving: true })])), [])
  })

  it('deletes surplus pods, pods where none should be, and pods for nodes that are gone', () => {
    const set = daemonSet()
    const twice = [
      on('a', set, { name: 'old', ageSeconds: 100 }),
      on('a', set, { name: 'new', ageSeconds: 1 }),
    ]
    const { actions } = decide(set, [node('a')], twice)
    assert.deepEqual(
      of(actions, 'deletePods')[0]!.pods.map(({ metadata }) => metadata.name),
      ['new'],
    )
    const refused = node('b', [{ key: 'k', effect: 'NoExecute' }])
    assert.deepEqual(deleted(decide(set, [refused], [on('b', set)])), ['b'])
    const waiting = on('gone', set)
    const unbound = { ...waiting, spec: { ...waiting['spec'], nodeName: undefined } }
    assert.deepEqual(deleted(decide(set, [], [unbound])), ['gone'])
  })

  it('replaces pods that ended, and waits ever longer for those that fail', () => {
    const set = daemonSet()
    const failed = on('a', set, { phase: 'Failed' })
    assert.equal(of(decide(set, [node('a')], [failed]).actions, 'replaceFinished').length, 1)
    const plan = decide(set, [node('a')], [failed], { failedUntil: new Map([['a', NOW + 4000]]) })
    assert.equal(of(plan.actions, 'replaceFinished').length, 0)
    assert.equal(plan.requeueAfterMs, 4000)
    let now = NOW
    const failures = new FailedPods({ now: () => now })
    const waits = Array.from({ length: 12 }, () => {
      failures.add('u', 'a')
      const wait = failures.until('u').get('a')! - now
      now += wait
      return wait
    })
    assert.deepEqual(waits.slice(0, 3), [1000, 2000, 4000])
    assert.equal(waits.at(-1), 900_000)
  })

  const [before, next] = [daemonSet({}, {}, '1'), daemonSet({}, {}, '2')]
  const nodes = ['a', 'b', 'c', 'd'].map((name) => node(name))
  const old = (options: PodOptions = {}) => nodes.map(({ metadata }) => on(metadata.name!, before, options))
  const strategy = (rollingUpdate: object) => ({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } })

  it('updates as many nodes at once as may be without their pod', () => {
    assert.deepEqual(deleted(decide(next, nodes, old())), ['a'])
    const half = daemonSet(strategy({ maxUnavailable: '30%' }), {}, '2')
    assert.deepEqual(deleted(decide(half, nodes, old())), ['a', 'b'])
    const [, ...others] = old()
    assert.deepEqual(deleted(decide(next, nodes, others)), [])
    assert.deepEqual(deleted(decide(next, nodes, [on('a', next, { readySeconds: -1 }), ...others])), [])
    assert.deepEqual(deleted(decide(next, nodes, [on('a', next), ...others])), ['b'])
  })

  it('replaces old pods that are not available at once', () => {
    assert.deepEqual(deleted(decide(next, nodes, old({ readySeconds: -1 }))), ['a', 'b', 'c', 'd'])
  })

  it('leaves old pods alone with OnDelete', () => {
    assert.deepEqual(
      deleted(decide(daemonSet({ updateStrategy: { type: 'OnDelete' } }, {}, '2'), nodes, old())),
      [],
    )
  })

  it('makes the new pod beside the old one when it may surge, and then deletes the old one', () => {
    const surging = daemonSet(strategy({ maxSurge: 1, maxUnavailable: 0 }), {}, '2')
    const first = decide(surging, nodes, old())
    assert.deepEqual([created(first), deleted(first)], [['a'], []])
    const unready = decide(surging, nodes, [...old(), on('a', surging, { readySeconds: -1 })])
    assert.deepEqual([created(unready), deleted(unready)], [[], []])
    const ready = decide(surging, nodes, [...old(), on('a', surging)])
    assert.deepEqual([created(ready), deleted(ready)], [['b'], ['a']])
  })

  it('counts nodes', () => {
    const refused = node('z', [{ key: 'k', effect: 'NoSchedule' }])
    const owned = [on('a', before), on('b', before, { readySeconds: -1 }), on('z', before)]
    const { actions } = decide(before, [node('a'), node('b'), node('c'), refused], owned)
    assert.deepEqual(of(actions, 'setStatus')[0]!.status, {
      currentNumberScheduled: 2,
      numberMisscheduled: 1,
      desiredNumberScheduled: 3,
      numberReady: 1,
      observedGeneration: 1,
      updatedNumberScheduled: 2,
      numberAvailable: 1,
      numberUnavailable: 2,
    })
  })

  it('does nothing once it is being deleted', () => {
    const leaving = { ...before, metadata: { ...before.metadata, deletionTimestamp: at(0) } }
    assert.deepEqual(decide(leaving, nodes), { actions: [] })
  })
})

describe('a DaemonSet whose watch is late', () => {
  for (let seed = 1; seed <= 40; seed++) {
    it(`never has two pods of one node, nor takes more nodes down than it may, and ends (seed ${seed})`, () => {
      simulate(seed)
    })
  }
})

/** Pods become ready at random; templates change; the watch tells of it late. Deleted pods go at once. */
function simulate(seed: number): void {
  const random = seededRandom(seed)
  const watch = new LateWatch()
  const pods = new OwnedObjects(watch, { now: () => NOW })
  const nodes = Array.from({ length: 2 + random.below(8) }, (_, index) => node(`n${index}`))
  const maxUnavailable = 1 + random.below(3)
  const strategy = {
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable } },
  }
  let set = daemonSet(strategy)
  let revisions: KubeObject[] = []
  let made = 0
  const perform = (action: DaemonSetAction) => {
    if (action.type === 'createRevision') revisions.push(action.revision)
    else if (action.type === 'updateRevision') {
      revisions = revisions.map((known) =>
        known.metadata.name === action.revision.metadata.name ? action.revision : known,
      )
    } else if (action.type === 'setStatus') set = { ...set, status: action.status }
    else if (action.type === 'createPods') {
      for (const target of action.nodes) {
        const object = daemonPod(set, target, action.revision)
        const name = `p${++made}`
        const metadata = { ...object.metadata, name, uid: name, creationTimestamp: at(made * 1000) }
        pods.wrote(watch.put({ ...object, metadata, status: { phase: 'Pending' } }))
      }
    } else if (action.type === 'deletePods') {
      for (const object of action.pods) {
        watch.remove(`ns/${object.metadata.name}`)
        pods.deleted(object, undefined)
      }
    }
  }
  const live = () => [...watch.server.values()].filter(isActive)
  /** As the controller sees it: what becomes ready unseen it cannot count on. */
  const down = () => nodes.length - pods.ownedBy('uid-ds').filter(isReady).length
  const round = () => {
    const before = down()
    const owned = pods.ownedBy('uid-ds')
    const observed = {
      set,
      nodes,
      owned,
      orphans: [],
      revisions,
      orphanRevisions: [],
      failedUntil: new Map(),
    }
    for (const action of decideDaemonSet(observed, NOW).actions) perform(action)
    assert.ok(down() <= Math.max(before, maxUnavailable), `${down()} nodes down, ${before} before`)
    const used = live().map(nodeOfDaemon)
    assert.equal(new Set(used).size, used.length, `two pods on one node: ${used}`)
  }
  const kubelet = (chance: number) => {
    for (const object of live()) {
      if (isReady(object) || !random.chance(chance)) continue
      const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: at(-1000) }]
      watch.put({ ...object, status: { phase: 'Running', conditions } })
    }
  }
  for (let step = 0; step < 60; step++) {
    round()
    if (random.chance(0.5)) kubelet(0.5)
    if (random.chance(0.08)) set = daemonSet(strategy, {}, String(random.below(4)))
    watch.deliverSome(random)
  }
  for (let step = 0; step < 60; step++) {
    kubelet(1)
    watch.deliver(watch.behind)
    round()
  }
  assert.equal(live().filter(isReady).length, nodes.length)
  const images = new Set(live().map(({ spec }) => spec.containers[0].image))
  assert.deepEqual([...images], [set['spec'].template.spec.containers[0].image])
}
