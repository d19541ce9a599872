import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { explainPlacement, scheduledMessage } from './explain.ts'
import { cluster, node, placeOn, pod } from './fixtures.ts'
import type { Snapshot } from './snapshot.ts'

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8]
const zones = [node('a', { labels: { zone: 'x' } }), node('b', { labels: { zone: 'y' } })]
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution'
const w = { labels: { app: 'w' } }
const term = { labelSelector: { matchLabels: { app: 'w' } }, topologyKey: 'zone' }

interface Row {
  title: string
  in: Snapshot
  pod: KubeObject
  goes: string
}

const rows: Row[] = [
  {
    title: 'the emptier node is better',
    in: cluster({ nodes: zones, pods: { a: [pod('q', { requests: { cpu: '1', memory: '1Gi' } })] } }),
    pod: pod('p', { requests: { cpu: '1', memory: '1Gi' } }),
    goes: 'b',
  },
  {
    title: 'CPU and memory in balance are better',
    in: cluster({
      nodes: zones,
      pods: {
        a: [pod('q', { requests: { cpu: '2', memory: '1Mi' } })],
        b: [pod('r', { requests: { cpu: '1', memory: '2Gi' } })],
      },
    }),
    pod: pod('p', { requests: { cpu: '1', memory: '2Gi' } }),
    goes: 'b',
  },
  {
    title: 'a preferred node label is better',
    in: cluster({ nodes: zones }),
    pod: pod('p', {
      spec: {
        affinity: {
          nodeAffinity: {
            [preferred]: [
              {
                weight: 1,
                preference: { matchExpressions: [{ key: 'zone', operator: 'In', values: ['y'] }] },
              },
            ],
          },
        },
      },
    }),
    goes: 'b',
  },
  {
    title: 'a taint that would rather not is worse',
    in: cluster({ nodes: [node('a', { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] }), node('b')] }),
    pod: pod('p'),
    goes: 'b',
  },
  {
    title: 'a preferred companion is better',
    in: cluster({ nodes: zones, pods: { b: [pod('q', w)] } }),
    pod: pod('p', {
      spec: { affinity: { podAffinity: { [preferred]: [{ weight: 50, podAffinityTerm: term }] } } },
    }),
    goes: 'b',
  },
  {
    title: 'an unwanted companion is worse',
    in: cluster({ nodes: zones, pods: { a: [pod('q', w)] } }),
    pod: pod('p', {
      spec: { affinity: { podAntiAffinity: { [preferred]: [{ weight: 50, podAffinityTerm: term }] } } },
    }),
    goes: 'b',
  },
  {
    title: 'a pod that runs draws those that it requires',
    in: cluster({
      nodes: zones,
      pods: {
        b: [
          pod('q', {
            spec: { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } },
          }),
        ],
      },
    }),
    pod: pod('p', w),
    goes: 'b',
  },
  {
    title: 'ScheduleAnyway prefers the emptier domain',
    in: cluster({ nodes: zones, pods: { a: [pod('q', w)] } }),
    pod: pod('p', {
      ...w,
      spec: {
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'zone',
            whenUnsatisfiable: 'ScheduleAnyway',
            labelSelector: { matchLabels: { app: 'w' } },
          },
        ],
      },
    }),
    goes: 'b',
  },
  {
    title: 'a node that has the image is better',
    in: cluster({
      nodes: [node('a'), node('b', { images: [{ names: ['app:1'], sizeBytes: 1e9 }] })],
    }),
    pod: pod('p'),
    goes: 'b',
  },
  {
    title: 'pack takes the fullest node that has room',
    in: cluster({ nodes: zones, pods: { b: [pod('q', { requests: { cpu: '2' } })] } }),
    pod: pod('p', { annotations: { 'brume.dev/placement': 'pack' }, requests: { cpu: '1' } }),
    goes: 'b',
  },
  {
    title: 'spread takes the node with the fewest pods of its kind, however full',
    in: cluster({
      nodes: zones,
      pods: {
        a: [pod('q', { owner: 'rs', annotations: { 'brume.dev/placement': 'spread' } })],
        b: [pod('r', { requests: { cpu: '3', memory: '7Gi' } })],
      },
    }),
    pod: pod('p', { owner: 'rs', annotations: { 'brume.dev/placement': 'spread' } }),
    goes: 'b',
  },
]

describe('scores', () => {
  for (const row of rows) {
    it(row.title, () => {
      for (const seed of SEEDS) assert.equal(placeOn(row.in, row.pod, seed).node, row.goes)
    })
  }

  it('equals are chosen by the seed: the same seed chooses the same, and all are chosen', () => {
    const snapshot = cluster({ nodes: [node('a'), node('b'), node('c')] })
    const chosen = SEEDS.map((seed) => placeOn(snapshot, pod('p'), seed).node)
    assert.deepEqual(
      chosen,
      SEEDS.map((seed) => placeOn(snapshot, pod('p'), seed).node),
    )
    assert.deepEqual(new Set(chosen), new Set(['a', 'b', 'c']))
  })
})

describe('overcommitment', () => {
  const web = (name: string, labels = {}) =>
    node(name, { cpu: '2', labels: { 'brume.dev/group': 'web', ...labels } })
  const busy = (name: string, cpu: string) => pod(name, { requests: { cpu } })
  const asks = pod('p', { requests: { cpu: '1' }, annotations: { 'brume.dev/group': 'web' } })

  it('comes only when no node has room, goes where the least is promised, and is said', () => {
    const snapshot = cluster({
      nodes: [web('a'), web('b')],
      pods: { a: [busy('q', '2')], b: [busy('r', '1500m')] },
    })
    const placed = placeOn(snapshot, asks)
    assert(placed.node !== undefined)
    assert.equal(placed.node, 'b')
    assert.deepEqual(placed.overcommit, { nodePercent: 125, groupPercent: 113 })
    assert.equal(
      explainPlacement(placed),
      'ns/p is on b: of the 2 nodes of group web that fit (of 2), it scores best, and is 125% full; ' +
        'the node promises 125% of its CPU, and group web 113%.',
    )
    assert.equal(scheduledMessage(placed), 'Successfully assigned ns/p to b')
  })

  it('never comes where a node has room', () => {
    const snapshot = cluster({ nodes: [web('a'), web('b')], pods: { a: [busy('q', '2')] } })
    for (const seed of SEEDS) {
      const placed = placeOn(snapshot, asks, seed)
      assert(placed.node === 'b' && placed.overcommit === undefined)
    }
  })

  it('is refused by strict nodes, by nodes without a group, and for memory', () => {
    const strict = web('a', { 'brume.dev/strict': 'true' })
    const full = { a: [busy('q', '2')] }
    assert.equal(placeOn(cluster({ nodes: [strict], pods: full }), asks).node, undefined)
    const plain = cluster({ nodes: [node('a', { cpu: '2' })], pods: full })
    assert.equal(placeOn(plain, pod('p', { requests: { cpu: '1' } })).node, undefined)
    const greedy = pod('p', { requests: { memory: '9Gi' } })
    assert.equal(placeOn(cluster({ nodes: [web('a')] }), greedy).node, undefined)
  })
})
