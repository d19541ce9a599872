import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { seededRandom } from '@brume/base/seeded-random'
import { at, NOW, pod } from '../pod-control/testing.ts'
import { decideNode, type ObservedNode } from './decide.ts'
import { decideEvictions } from './eviction.ts'
import { taintsOf } from './taints.ts'

const node = (conditions: Record<string, string>, spec: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n1', uid: 'n1', creationTimestamp: at(-600_000) },
  spec,
  status: {
    conditions: Object.entries(conditions).map(([type, status]) => ({
      type,
      status,
      lastTransitionTime: at(0),
    })),
  },
})
const decide = (observed: Partial<ObservedNode>, now = NOW) =>
  decideNode({ node: node({ Ready: 'True' }), heardAt: NOW, pods: [], allDown: false, ...observed }, now)
const taints = (of: KubeObject, evicts = true) =>
  taintsOf(of, { evicts }, NOW).map(({ key, effect }) => `${key}:${effect}`)
const tainted = (seconds?: number) => ({
  ...pod(),
  spec: {
    nodeName: 'n1',
    tolerations: [
      {
        key: 'k',
        operator: 'Exists',
        effect: 'NoExecute',
        ...(seconds === undefined ? {} : { tolerationSeconds: seconds }),
      },
    ],
  },
})

describe('node lifecycle', () => {
  it('waits for the next sign of life', () => {
    assert.deepEqual(decide({}), { actions: [], requeueAfterMs: 50_000 })
    const silent = { node: node({}) }
    assert.deepEqual(decide(silent), { actions: [], requeueAfterMs: 60_000 })
  })

  it('says that nothing is known of a node that is not heard of, and sets its pods not ready', () => {
    const ready = pod()
    const { actions } = decide({ pods: [ready, pod({ readySeconds: -1 })] }, NOW + 50_000)
    assert.deepEqual(
      actions.map(({ type }) => type),
      ['setStatus', 'setNotReady', 'say'],
    )
    const [first, second] = actions
    assert.ok(first?.type === 'setStatus' && second?.type === 'setNotReady')
    const { conditions } = first.status as { conditions: { type: string; status: string; reason: string }[] }
    assert.deepEqual(
      conditions.map(({ type, status, reason }) => [type, status, reason]),
      [
        ['Ready', 'Unknown', 'NodeStatusUnknown'],
        ['MemoryPressure', 'Unknown', 'NodeStatusNeverUpdated'],
        ['DiskPressure', 'Unknown', 'NodeStatusNeverUpdated'],
        ['PIDPressure', 'Unknown', 'NodeStatusNeverUpdated'],
      ],
    )
    assert.equal(second.pod, ready)
  })

  it('leaves a pod ready that became ready after its node was lost', () => {
    const later = {
      ...pod(),
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: at(9000) }],
      },
    }
    const { actions } = decide({
      node: node({ Ready: 'False' }, { taints: taintsOf(node({ Ready: 'False' }), { evicts: true }, NOW) }),
      pods: [later],
    })
    assert.deepEqual(actions, [])
  })

  it('taints by conditions, and keeps the taints of others', () => {
    assert.deepEqual(taints(node({ Ready: 'True' })), [])
    assert.deepEqual(taints(node({ Ready: 'False' })), [
      'node.kubernetes.io/not-ready:NoSchedule',
      'node.kubernetes.io/not-ready:NoExecute',
    ])
    const unreachable = {
      taints: [
        { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' },
        { key: 'mine', effect: 'NoExecute' },
      ],
    }
    assert.deepEqual(taints(node({ Ready: 'Unknown' }, unreachable)), [
      'mine:NoExecute',
      'node.kubernetes.io/unreachable:NoSchedule',
      'node.kubernetes.io/unreachable:NoExecute',
    ])
    assert.deepEqual(taints(node({ Ready: 'True' }, unreachable)), ['mine:NoExecute'])
    assert.deepEqual(taints(node({ Ready: 'True', DiskPressure: 'True' }, { unschedulable: true })), [
      'node.kubernetes.io/disk-pressure:NoSchedule',
      'node.kubernetes.io/unschedulable:NoSchedule',
    ])
    const fresh = { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] }
    assert.deepEqual(taints(node({}, fresh)), ['node.kubernetes.io/not-ready:NoSchedule'])
  })

  it('drives nobody out while no node is ready', () => {
    assert.deepEqual(taints(node({ Ready: 'Unknown' }), false), ['node.kubernetes.io/unreachable:NoSchedule'])
  })

  it('evicts pods when their toleration has run out', () => {
    const lost = node(
      { Ready: 'Unknown' },
      { taints: [{ key: 'k', effect: 'NoExecute', timeAdded: at(-100_000) }] },
    )
    const pods = [pod(), tainted(), tainted(90), tainted(300)]
    const plan = decideEvictions({ node: lost, pods }, NOW)
    assert.deepEqual(
      plan.actions.map((action) => action.pod),
      [pods[0], pods[2]],
    )
    assert.equal(plan.requeueAfterMs, 200_000)
    assert.deepEqual(decideEvictions({ node: node({ Ready: 'True' }), pods }, NOW).actions, [])
  })

  it('never evicts a pod before its time, and always asks to be woken at it', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seededRandom(seed)
      const since = random.below(600)
      const lost = node(
        { Ready: 'Unknown' },
        { taints: [{ key: 'k', effect: 'NoExecute', timeAdded: at(-since * 1000) }] },
      )
      const seconds = Array.from({ length: random.below(6) }, () => random.below(600))
      const pods = seconds.map((one) => tainted(one))
      const { actions, requeueAfterMs } = decideEvictions({ node: lost, pods }, NOW)
      assert.equal(actions.length, seconds.filter((one) => one <= since).length, `seed ${seed}`)
      const waiting = seconds.filter((one) => one > since)
      const expected = waiting.length === 0 ? undefined : (Math.min(...waiting) - since) * 1000
      assert.equal(requeueAfterMs, expected, `seed ${seed}`)
    }
  })

  it('always settles its taints', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = seededRandom(seed)
      const status = () => random.pick(['True', 'False', 'Unknown'])
      const conditions = { Ready: status(), DiskPressure: status(), PIDPressure: status() }
      const spec = { unschedulable: random.chance(0.5), taints: [{ key: 'mine', effect: 'NoSchedule' }] }
      const next = taintsOf(node(conditions, spec), { evicts: random.chance(0.5) }, NOW)
      const evicts = next.some(({ effect }) => effect === 'NoExecute')
      assert.deepEqual(
        taintsOf(node(conditions, { ...spec, taints: next }), { evicts }, NOW + 5000),
        next,
        `seed ${seed}`,
      )
      assert.ok(
        next.some(({ key }) => key === 'mine'),
        `seed ${seed}`,
      )
    }
  })
})
