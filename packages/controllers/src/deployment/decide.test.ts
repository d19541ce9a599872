import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { seededRandom } from '@brume/base/seeded-random'
import { at, NOW, reference } from '../pod-control/testing.ts'
import { type DeploymentAction, decideDeployment } from './decide.ts'
import type { ObservedDeployment } from './observe.ts'
import { hashOfTemplate, nameOfNew, newReplicaSet } from './revisions.ts'
import { boundsOf, proportionalSizes, shrinkOld } from './rollout.ts'

const template = (image: string) => ({
  metadata: { labels: { app: 'a' } },
  spec: { containers: [{ name: 'main', image }] },
})

function deployment(spec: object = {}, status: object = {}, metadata: object = {}): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd', namespace: 'ns', uid: 'uid-d', generation: 1, ...metadata },
    spec: {
      replicas: 10,
      selector: { matchLabels: { app: 'a' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      template: template('v1'),
      ...spec,
    },
    status,
  }
}

/** As the controller made it, of an image, with a size and that many available. */
function set(image: string, size: number, available = size, more: object = {}): KubeObject {
  const made = newReplicaSet(deployment({ template: template(image) }), [])
  const metadata = {
    ...made.metadata,
    uid: `uid-${image}`,
    generation: 1,
    creationTimestamp: at(Number(image.slice(1)) * 1000),
    ...more,
  }
  const status = {
    replicas: size,
    readyReplicas: available,
    availableReplicas: available,
    observedGeneration: 1,
  }
  return { ...made, metadata, spec: { ...made['spec'], replicas: size }, status }
}

function decide(object: KubeObject, owned: KubeObject[], more: Partial<ObservedDeployment> = {}) {
  return decideDeployment({ deployment: object, owned, orphans: [], pods: new Map(), ...more }, NOW)
}

const of = <T extends DeploymentAction['type']>(actions: readonly DeploymentAction[], type: T) =>
  actions.filter((action): action is Extract<DeploymentAction, { type: T }> => action.type === type)
const sizes = (actions: readonly DeploymentAction[]) =>
  Object.fromEntries(
    of(actions, 'updateSet').map(({ set: { spec } }) => [
      spec.template.spec.containers[0].image,
      spec.replicas,
    ]),
  )
const progressing = {
  type: 'Progressing',
  status: 'True',
  reason: 'ReplicaSetUpdated',
  lastUpdateTime: at(0),
  lastTransitionTime: at(0),
}
const begun = (revision = '1') =>
  [{ conditions: [progressing] }, { annotations: { 'deployment.kubernetes.io/revision': revision } }] as const
// biome-ignore lint/suspicious/noExplicitAny: statuses of many shapes
const statusOf = (actions: readonly DeploymentAction[]): any => of(actions, 'setStatus').at(-1)?.status
// biome-ignore lint/suspicious/noExplicitAny: conditions of many shapes
const conditionOf = (actions: readonly DeploymentAction[], type: string): any =>
  statusOf(actions)?.conditions.find((condition: { type: string }) => condition.type === type)

describe('surge and unavailability', () => {
  const cases: [number, number | string, number | string, number, number][] = [
    [10, '25%', '25%', 3, 2],
    [1, '25%', '25%', 1, 0],
    [4, 0, '10%', 0, 1],
    [2, 0, 5, 0, 2],
    [0, '25%', '25%', 0, 0],
    [3, 1, 0, 1, 0],
  ]
  for (const [replicas, maxSurge, maxUnavailable, surge, unavailable] of cases) {
    it(`of ${replicas} with ${maxSurge} and ${maxUnavailable} are ${surge} and ${unavailable}`, () => {
      const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } }
      assert.deepEqual(boundsOf(deployment({ replicas, strategy })), { surge, unavailable })
    })
  }
})

describe('deciding about a Deployment', () => {
  it('makes the ReplicaSet of its template, with hash, revision and sizes', () => {
    const { actions } = decide(deployment(), [])
    assert.deepEqual(
      actions.map(({ type }) => type),
      ['setStatus', 'createSet'],
    )
    const made = of(actions, 'createSet')[0]!.set
    const hash = hashOfTemplate(deployment())
    assert.equal(made.metadata.name, `d-${hash}`)
    assert.equal(made['spec'].replicas, 10)
    assert.deepEqual(made['spec'].selector.matchLabels, { app: 'a', 'pod-template-hash': hash })
    assert.deepEqual(made.metadata.annotations, {
      'deployment.kubernetes.io/desired-replicas': '10',
      'deployment.kubernetes.io/max-replicas': '13',
      'deployment.kubernetes.io/revision': '1',
    })
    assert.deepEqual(made.metadata.ownerReferences, [reference(deployment())])
    assert.equal(conditionOf(actions, 'Progressing').reason, 'NewReplicaSetCreated')
  })

  it('takes another name when the one it would use is taken', () => {
    const namesake = {
      ...set('v9', 1),
      metadata: { name: nameOfNew(deployment()), namespace: 'ns', uid: 'x' },
    }
    const { actions } = decide(deployment(), [], { namesake })
    assert.deepEqual(statusOf(actions), { collisionCount: 1 })
    assert.notEqual(nameOfNew(deployment({}, { collisionCount: 1 })), nameOfNew(deployment()))
  })

  it('says why the ReplicaSet cannot be made', () => {
    const { actions } = decide(deployment(), [], { failure: 'no' })
    const { status, reason, message } = conditionOf(actions, 'Progressing')
    assert.deepEqual({ status, reason }, { status: 'False', reason: 'ReplicaSetCreateError' })
    assert.equal(message, `Failed to create new replica set "${nameOfNew(deployment())}": no`)
  })

  it('makes room by the surge, then shrinks the old as pods become available', () => {
    const next = deployment({ template: template('v2') }, ...begun('2'))
    const two = (size: number, available: number) =>
      set('v2', size, available, {
        annotations: { ...set('v2', 1).metadata.annotations, 'deployment.kubernetes.io/revision': '2' },
      })
    assert.deepEqual(sizes(decide(next, [set('v1', 10), two(0, 0)]).actions), { v2: 3 })
    assert.deepEqual(sizes(decide(next, [set('v1', 10), two(3, 0)]).actions), { v1: 8 })
    assert.deepEqual(sizes(decide(next, [set('v1', 8), two(3, 0)]).actions), { v2: 5 })
    assert.deepEqual(sizes(decide(next, [set('v1', 8), two(5, 0)]).actions), {})
    assert.deepEqual(sizes(decide(next, [set('v1', 8), two(5, 5)]).actions), { v1: 3 })
    assert.deepEqual(sizes(decide(next, [set('v1', 0), two(10, 10)]).actions), {})
  })

  it('takes old pods that are not available first', () => {
    const next = deployment({ template: template('v2') }, ...begun('2'))
    assert.deepEqual(
      [...shrinkOld(next, [set('v1', 8, 8), set('v3', 2, 0)], set('v2', 3, 0))],
      [[set('v3', 1).metadata.name, 0]],
    )
  })

  it('makes a rolled back ReplicaSet the newest revision, and remembers what it was', () => {
    const two = set('v2', 10, 10, {
      annotations: { ...set('v2', 1).metadata.annotations, 'deployment.kubernetes.io/revision': '2' },
    })
    const { actions } = decide(deployment(), [set('v1', 0), two])
    assert.deepEqual(
      actions.map(({ type }) => type),
      ['updateSet'],
    )
    const { annotations = {} } = of(actions, 'updateSet')[0]!.set.metadata
    assert.equal(annotations['deployment.kubernetes.io/revision'], '3')
    assert.equal(annotations['deployment.kubernetes.io/revision-history'], '1')
  })

  it('scales in proportion in the middle of a rollout', () => {
    const next = deployment({ template: template('v2'), replicas: 20 }, ...begun())
    const scaled = proportionalSizes(next, [set('v1', 8), set('v2', 5)])
    assert.equal(
      [...scaled.values()].reduce((a, b) => a + b),
      25,
    )
    assert.deepEqual([...scaled.values()], [15, 10])
  })

  it('scales the only ReplicaSet without a rollout', () => {
    const { actions } = decide(deployment({ replicas: 3 }, ...begun()), [set('v1', 10)])
    assert.deepEqual(sizes(actions), { v1: 3 })
    assert.match(of(actions, 'updateSet')[0]!.event!, /^Scaled down replica set d-\w+ from 10 to 3$/)
    const { 'deployment.kubernetes.io/desired-replicas': desired } = of(actions, 'updateSet')[0]!.set.metadata
      .annotations!
    assert.equal(desired, '3')
  })

  it('starts nothing new while it is paused, but says so', () => {
    const { actions } = decide(deployment({ paused: true }), [])
    assert.equal(conditionOf(actions, 'Progressing').reason, 'DeploymentPaused')
    const paused = deployment({ paused: true, template: template('v2') }, statusOf(actions))
    assert.deepEqual(sizes(decide(paused, [set('v1', 10)]).actions), {})
    assert.deepEqual(of(decide(paused, []).actions, 'createSet'), [])
    const resumed = deployment({}, statusOf(actions))
    assert.equal(
      conditionOf(decide(resumed, [set('v1', 10)]).actions, 'Progressing').reason,
      'DeploymentResumed',
    )
  })

  it('waits with Recreate until no old pod is left, even those that are being deleted', () => {
    const next = deployment({ template: template('v2'), strategy: { type: 'Recreate' } }, ...begun())
    assert.deepEqual(sizes(decide(next, [set('v1', 10)]).actions), { v1: 0 })
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { deletionTimestamp: at(0) },
      status: { phase: 'Running' },
    }
    const waiting = decide(next, [set('v1', 0)], { pods: new Map([['uid-v1', [pod]]]) })
    assert.deepEqual(of(waiting.actions, 'createSet'), [])
    assert.equal(of(decide(next, [set('v1', 0)]).actions, 'createSet')[0]!.set['spec'].replicas, 10)
  })

  it('gives up waiting after the deadline, and says so', () => {
    const late = { ...progressing, lastUpdateTime: at(-601_000) }
    const [, metadata] = begun()
    const status = {
      observedGeneration: 1,
      replicas: 10,
      updatedReplicas: 10,
      unavailableReplicas: 10,
      conditions: [late],
    }
    const plan = decide(deployment({}, status, metadata), [set('v1', 10, 0)])
    const { status: value, reason, message } = conditionOf(plan.actions, 'Progressing')
    assert.deepEqual({ value, reason }, { value: 'False', reason: 'ProgressDeadlineExceeded' })
    assert.match(message, /^ReplicaSet "d-\w+" has timed out progressing\.$/)
    const early = decide(deployment({}, { ...status, conditions: [progressing] }, metadata), [
      set('v1', 10, 0),
    ])
    assert.equal(early.requeueAfterMs, 601_000)
  })

  it('counts, and plans nothing when all is as it should be', () => {
    const plan = decide(deployment({}, ...begun()), [set('v1', 10)])
    const { conditions, ...counts } = statusOf(plan.actions)
    assert.deepEqual(counts, {
      observedGeneration: 1,
      replicas: 10,
      updatedReplicas: 10,
      readyReplicas: 10,
      availableReplicas: 10,
    })
    assert.equal(conditions[1].reason, 'NewReplicaSetAvailable')
    assert.deepEqual(decide(deployment({}, statusOf(plan.actions), begun()[1]), [set('v1', 10)]), {
      actions: [],
    })
  })

  it('deletes the oldest empty ReplicaSets beyond its history limit', () => {
    const status = {
      observedGeneration: 1,
      replicas: 10,
      updatedReplicas: 10,
      availableReplicas: 10,
      conditions: [progressing],
    }
    const revision = (n: string) => ({
      annotations: { ...set('v1', 1).metadata.annotations, 'deployment.kubernetes.io/revision': n },
    })
    const old = ['1', '2', '3'].map((n) => set(`v${n}`, 0, 0, revision(n)))
    const done = deployment({ template: template('v4'), revisionHistoryLimit: 1 }, status, begun('4')[1])
    const { actions } = decide(done, [...old, set('v4', 10, 10, revision('4'))])
    assert.deepEqual(
      of(actions, 'deleteSet').map(({ set: { metadata } }) => metadata.uid),
      ['uid-v1', 'uid-v2'],
    )
  })

  it('refuses to select everything', () => {
    const { actions } = decide(deployment({ selector: {} }), [])
    assert.equal(of(actions, 'warn')[0]!.reason, 'SelectingAll')
  })
})

describe('a rollout', () => {
  for (let seed = 1; seed <= 60; seed++) {
    it(`never has more pods than the surge allows nor takes more than may be unavailable, and ends (seed ${seed})`, () => {
      simulate(seed)
    })
  }
})

/** Templates and bounds change at random; pods become available at random, of their own. */
function simulate(seed: number): void {
  const random = seededRandom(seed)
  const replicas = 1 + random.below(12)
  const rollingUpdate = { maxSurge: random.below(4), maxUnavailable: `${random.below(60)}%` }
  let object = deployment({ replicas, strategy: { type: 'RollingUpdate', rollingUpdate } })
  const { surge, unavailable } = boundsOf(object)
  let sets: KubeObject[] = []
  const act = (action: DeploymentAction) => {
    if (action.type === 'createSet') {
      const { name } = action.set.metadata
      sets.push({
        ...action.set,
        metadata: {
          ...action.set.metadata,
          uid: name!,
          generation: 1,
          creationTimestamp: at(sets.length * 1000),
        },
        status: { replicas: 0 },
      })
    } else if (action.type === 'updateSet') {
      sets = sets.map((known) => (known.metadata.uid === action.set.metadata.uid ? action.set : known))
    } else if (action.type === 'deleteSet') {
      sets = sets.filter(({ metadata }) => metadata.uid !== action.set.metadata.uid)
    } else if (action.type === 'setStatus') {
      const annotations: Record<string, string> =
        action.revision === undefined ? {} : { 'deployment.kubernetes.io/revision': action.revision }
      object = {
        ...object,
        status: action.status,
        metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...annotations } },
      }
    }
  }
  const total = () => sets.reduce((n, { spec }) => n + spec.replicas, 0)
  const available = () =>
    sets.reduce((n, { spec, status }) => n + Math.min(spec.replicas, status.availableReplicas ?? 0), 0)
  const kubelet = (chance: number) => {
    sets = sets.map((known) => {
      const size: number = known['spec'].replicas
      const up = Math.min(size, known['status'].availableReplicas ?? 0)
      const more = Array.from({ length: size - up }).filter(() => random.chance(chance)).length
      return {
        ...known,
        status: {
          replicas: size,
          readyReplicas: up + more,
          availableReplicas: up + more,
          observedGeneration: 1,
        },
      }
    })
  }
  const round = () => {
    const before = available()
    for (const action of decide(object, sets).actions) act(action)
    assert.ok(total() <= replicas + surge, `${total()} of at most ${replicas + surge}`)
    assert.ok(
      available() >= Math.min(before, replicas - unavailable),
      `${available()} available, ${before} before`,
    )
  }
  for (let step = 0; step < 60; step++) {
    round()
    if (random.chance(0.5)) kubelet(0.5)
    if (random.chance(0.08))
      object = { ...object, spec: { ...object['spec'], template: template(`v${random.below(5)}`) } }
  }
  for (let step = 0; step < 200; step++) {
    round()
    kubelet(1)
  }
  const running = sets.filter(({ spec }) => spec.replicas > 0)
  assert.deepEqual(
    running.map(({ spec }) => [spec.replicas, spec.template.spec.containers[0].image]),
    [[replicas, object['spec'].template.spec.containers[0].image]],
  )
  assert.equal(object['status'].updatedReplicas, replicas)
}
