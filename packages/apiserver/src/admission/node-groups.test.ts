import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import type { NodeUsage } from '../node-metrics/summary.ts'
import { nodeGroups } from './node-groups.ts'
import { admissionRequest, admit, object, testState } from './testing.ts'

// biome-ignore lint/suspicious/noExplicitAny: objects as a test writes them
type Json = any

const GROUP = { 'brume.dev/group': 'web' }
const used: NodeUsage = {
  node: { time: '', cpuNanoCores: 1.5e9, memoryBytes: 2 * 1024 ** 3 },
  pods: new Map(),
}

/** One node with 4 CPU and 8Gi, of which 3 CPU and 6Gi are promised. */
function setUp({ labels = GROUP as Record<string, string>, isKnown = true } = {}) {
  const { objects, deps } = testState()
  const status = { allocatable: { cpu: '4', memory: '8Gi' } }
  objects.put('', 'nodes', object('Node', { name: 'n1', labels }, { status }))
  objects.put('', 'pods', pod('running', { cpu: '2', memory: '4Gi' }, { spec: { nodeName: 'n1' } }))
  objects.put('', 'pods', pod('waiting', { cpu: '1', memory: '2Gi' }))
  const over = { nodeName: 'n1' }
  objects.put('', 'pods', pod('over', { cpu: '9' }, { spec: over, status: { phase: 'Succeeded' } }))
  const usage = {
    usageOf: async () => new Map(isKnown ? [['n1', used]] : []),
    lastKnown: () => undefined,
  }
  const plugin = nodeGroups({ ...deps, usage })
  return async (of: string, fields: Json) => {
    const warnings: string[] = []
    try {
      await admit(plugin, admissionRequest(of, { ...fields, warnings }))
      return { warnings }
    } catch (error) {
      return { warnings, refused: (error as Error).message }
    }
  }
}

function pod(
  name: string,
  requests: object,
  { spec = {}, status = {}, metadata = {} }: Json = {},
): KubeObject {
  const containers = [{ name: 'main', resources: { requests } }]
  const annotations = { 'brume.dev/group': 'web' }
  return object(
    'Pod',
    { name, namespace: 'ns', annotations, ...metadata },
    { spec: { containers, ...spec }, status },
  )
}

function deployment(replicas: number, requests: object): KubeObject {
  const { spec } = pod('x', requests)
  const template = { metadata: { labels: GROUP }, spec }
  return object('Deployment', { name: 'web', namespace: 'ns' }, { spec: { replicas, template } })
}

describe('asking a node group for room', () => {
  it('says nothing while there is enough', async () => {
    const ask = setUp()
    assert.deepEqual(await ask('/pods', { object: pod('p', { cpu: '1', memory: '2Gi' }) }), { warnings: [] })
  })

  it('admits more CPU than there is, and says how much is promised and how much is used', async () => {
    const ask = setUp()
    const { warnings, refused } = await ask('apps/deployments', { object: deployment(3, { cpu: '1' }) })
    assert.equal(refused, undefined)
    assert.deepEqual(warnings, [
      'group web has 4 CPU; with this, 6 are promised (150%) and 1500m are really used. It is admitted: when all of it is used at once, everything there gets slower',
    ])
  })

  it('refuses more memory than there is', async () => {
    const ask = setUp()
    const { refused } = await ask('/pods', { object: pod('p', { memory: '3Gi' }) })
    assert.equal(
      refused,
      'pods "p" is forbidden: group web has 8Gi of memory, of which 6Gi are promised and 2Gi are really used; this asks for 3Gi more. Ask for less, or add a node to the group',
    )
  })

  it('refuses more CPU than a strict group has', async () => {
    const ask = setUp({ labels: { ...GROUP, 'brume.dev/strict': 'true' }, isKnown: false })
    const { refused } = await ask('/pods', { object: pod('p', { cpu: '2' }) })
    assert.match(
      refused ?? '',
      /3 are promised and how much is really used is not known; .*; the group is strict$/,
    )
  })

  it('counts what is asked for anew: a larger scale, not the same once more', async () => {
    const ask = setUp()
    const oldObject = deployment(2, { cpu: '1' })
    const same = await ask('apps/deployments', {
      operation: 'UPDATE',
      object: deployment(2, { cpu: '1' }),
      oldObject,
    })
    assert.deepEqual(same.warnings, [])
    const larger = await ask('apps/deployments/scale', {
      operation: 'UPDATE',
      object: deployment(4, { cpu: '1' }),
      oldObject,
    })
    assert.match(larger.warnings[0] ?? '', /5 are promised \(125%\)/)
  })

  it('leaves the pods of controllers, statuses and pods of no group alone', async () => {
    const ask = setUp()
    const ownerReferences = [
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'u', controller: true },
    ]
    const large = { cpu: '9', memory: '99Gi' }
    for (const [of, fields] of [
      ['/pods', { object: pod('p', large, { metadata: { ownerReferences } }) }],
      ['/pods/status', { operation: 'UPDATE', object: pod('p', large), oldObject: pod('p', {}) }],
      ['/pods', { object: pod('p', large, { metadata: { annotations: {} } }) }],
      [
        'apps/deployments/status',
        { operation: 'UPDATE', object: deployment(9, large), oldObject: deployment(1, {}) },
      ],
    ] as const) {
      assert.deepEqual(await ask(of, fields), { warnings: [] }, of)
    }
  })

  it('says that a group has no node yet', async () => {
    const ask = setUp({ labels: {} })
    const { warnings } = await ask('/pods', { object: pod('p', { cpu: '1' }) })
    assert.deepEqual(warnings, ['no node is in group web yet: label one with brume.dev/group=web'])
  })
})
