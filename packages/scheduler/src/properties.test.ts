// Properties of placement over made-up clusters. A failing seed is in the assertion's message.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { type SeededRandom, seededRandom } from '@brume/base/seeded-random'
import { filterNodes } from './filter.ts'
import { cluster, node, pod } from './fixtures.ts'
import { place } from './place.ts'
import { podInfoOf } from './pod-info.ts'
import { fullness } from './score.ts'
import type { Snapshot } from './snapshot.ts'

const SEEDS = Array.from({ length: 30 }, (_, index) => index + 1)
const STEPS = 120

function someNode(random: SeededRandom, name: string): KubeObject {
  const labels: Record<string, string> = { zone: `z${random.below(3)}` }
  if (random.chance(0.7)) labels['brume.dev/group'] = random.pick(['web', 'db'])
  if (random.chance(0.5)) labels['brume.dev/strict'] = 'true'
  return node(name, {
    labels,
    cpu: `${1 + random.below(8)}`,
    memory: `${1 + random.below(16)}Gi`,
    pods: `${2 + random.below(20)}`,
    cordoned: random.chance(0.1),
    ...(random.chance(0.2) && { taints: [{ key: 'k', effect: 'NoSchedule' }] }),
  })
}

function somePod(random: SeededRandom, name: string): KubeObject {
  const app = random.pick(['u', 'v', 'w'])
  const annotations: Record<string, string> = {}
  if (random.chance(0.3)) annotations['brume.dev/group'] = random.pick(['web', 'db'])
  if (random.chance(0.5)) annotations['brume.dev/placement'] = random.pick(['spread', 'pack'])
  const term = {
    labelSelector: { matchLabels: { app } },
    topologyKey: random.pick(['zone', 'kubernetes.io/hostname']),
  }
  return pod(name, {
    labels: { app },
    owner: app,
    annotations,
    requests: { cpu: `${random.below(2000)}m`, memory: `${random.below(2048)}Mi` },
    spec: {
      ...(random.chance(0.2) && { tolerations: [{ operator: 'Exists' }] }),
      ...(random.chance(0.1) && {
        affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
      }),
      ...(random.chance(0.2) && {
        topologySpreadConstraints: [{ ...term, maxSkew: 2, whenUnsatisfiable: 'DoNotSchedule' }],
      }),
    },
  })
}

/** Pods and nodes come and go at random; `look` sees every placement before it takes effect. */
function churn(
  seed: number,
  look: (snapshot: Snapshot, info: ReturnType<typeof podInfoOf>, chosen: string | undefined) => void,
): Snapshot {
  const random = seededRandom(seed)
  const snapshot = cluster({ nodes: Array.from({ length: 8 }, (_, i) => someNode(random, `n${i}`)) })
  const running: string[] = []
  for (let step = 0; step < STEPS; step++) {
    if (random.chance(0.05)) snapshot.removeNode(`n${random.below(24)}`)
    if (random.chance(0.1)) {
      const name = `n${random.below(24)}`
      // A node that shrinks or turns strict under its pods is no decision of ours.
      if (snapshot.node(name) === undefined) snapshot.putNode(someNode(random, name))
    }
    if (random.chance(0.2) && running.length > 0) {
      snapshot.removePod(running.splice(random.below(running.length), 1)[0]!)
    }
    const info = podInfoOf(somePod(random, `p${step}`))
    const placed = place(info, snapshot, { random })
    look(snapshot, info, placed.node)
    if (placed.node === undefined) continue
    snapshot.putPod(info, placed.node)
    running.push(info.uid)
  }
  return snapshot
}

describe('placement', () => {
  it('never goes where a filter refuses, and always goes where one fits', () => {
    for (const seed of SEEDS) {
      churn(seed, (snapshot, info, chosen) => {
        const { codes } = filterNodes(info, snapshot)
        if (chosen !== undefined) assert.equal(codes[snapshot.node(chosen)!.index], 0, `seed ${seed}`)
        else
          for (const each of snapshot.nodes)
            assert(each === undefined || codes[each.index] !== 0, `seed ${seed}`)
      })
    }
  })

  it('never promises memory twice, nor CPU of strict nodes, nor more pods than a node takes', () => {
    for (const seed of SEEDS) {
      churn(seed, (snapshot, info, chosen) => {
        if (chosen === undefined) return
        const { index, strict } = snapshot.node(chosen)!
        for (const [resource, amount] of info.requests) {
          const { allocatable, requested } = snapshot.resources.column(resource)
          const fits = requested[index]! + amount <= allocatable[index]!
          assert(fits || (resource === 'cpu' && !strict), `seed ${seed}: ${resource} of ${chosen}`)
        }
        assert(snapshot.resources.podCount[index]! < snapshot.resources.podLimit[index]!, `seed ${seed}`)
      })
    }
  })

  it('pack always takes the fullest node that fits, and spread one with the fewest of its kind', () => {
    for (const seed of SEEDS) {
      churn(seed, (snapshot, info, chosen) => {
        if (chosen === undefined || info.placement === undefined) return
        const { candidates, overcommitted } = filterNodes(info, snapshot)
        if (overcommitted[candidates[0]!] === 1) return
        const { index } = snapshot.node(chosen)!
        const kin = (of: number) => snapshot.familyOn(info.family)?.get(of) ?? 0
        for (const other of candidates) {
          if (info.placement === 'pack') {
            assert(fullness(info, snapshot, other) <= fullness(info, snapshot, index), `seed ${seed}`)
          } else assert(kin(other) >= kin(index), `seed ${seed}`)
        }
      })
    }
  })

  it('the snapshot after any changes equals one that is built at once', () => {
    for (const seed of SEEDS) {
      const changed = churn(seed, () => {})
      const nodes = changed.nodes.filter((each) => each !== undefined)
      const pods = nodes.flatMap(({ name, pods }) => [...pods.values()].map((info) => ({ name, info })))
      const fresh = cluster({ nodes: nodes.map(({ object }) => object) })
      for (const { name, info } of pods) fresh.putPod(info, name)
      const random = seededRandom(seed)
      for (let i = 0; i < 10; i++) {
        const info = podInfoOf(somePod(random, `q${i}`))
        assert.deepEqual(codesByName(info, changed), codesByName(info, fresh), `seed ${seed}`)
      }
      for (const { name, index } of nodes) {
        for (const [resource, column] of changed.resources.columns) {
          const other = fresh.resources.column(resource).requested[fresh.node(name)!.index]
          assert.equal(column.requested[index], other, `seed ${seed}: ${resource} of ${name}`)
        }
      }
    }
  })
})

function codesByName(info: ReturnType<typeof podInfoOf>, snapshot: Snapshot): Record<string, string> {
  const { codes } = filterNodes(info, snapshot)
  const entries = snapshot.nodes.flatMap((each) =>
    each === undefined ? [] : [[each.name, snapshot.reasons.get(codes[each.index]!).text] as const],
  )
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}
