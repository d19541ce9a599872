import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CONTROLLER_REVISIONS, DAEMON_SETS, NODES } from '@brume/client/builtin'
import { eventually } from '@brume/testkit/eventually'
import { withCluster } from '@brume/testkit/with-cluster'
import { createNode } from './fake-kubelet.ts'
import { hasKubectl, imagesOf, kubectl, podsOf, template, workload } from './workloads.ts'

const NS = 'daemons'

describe('DaemonSets on a control plane', { timeout: 120_000 }, () => {
  const cluster = withCluster({ namespace: NS, nodes: ['node-1', 'node-2', 'node-3'] })

  const at = (name: string) => ({ namespace: NS, name })
  const sets = () => cluster.client.resource(DAEMON_SETS)
  const make = (name: string, spec: object = {}) =>
    sets().create(workload({ kind: 'DaemonSet', name, namespace: NS, spec: { ...spec } }))
  const change = (name: string, spec: object) => sets().patch(at(name), { type: 'merge', body: { spec } })
  const settled = (name: string, count: number) =>
    eventually(`${name} runs on ${count} nodes`, async () => {
      const { status, metadata } = await sets().get(at(name))
      const counts = [
        status.desiredNumberScheduled,
        status.numberAvailable ?? 0,
        status.updatedNumberScheduled ?? 0,
      ]
      return counts.every((n) => n === count) && status.observedGeneration === metadata.generation && status
    })
  const nodesOf = async (name: string) =>
    (await podsOf(cluster.client, NS, name)).map(({ spec }) => String(spec.nodeName)).sort()

  it('runs on every node, on new ones too, and leaves those that no longer want it', async () => {
    await make('agent')
    await settled('agent', 3)
    assert.deepEqual(await nodesOf('agent'), ['node-1', 'node-2', 'node-3'])
    await createNode(cluster.client, 'node-4', { labels: { disk: 'ssd' } })
    await settled('agent', 4)
    const taints = [{ key: 'maintenance', effect: 'NoExecute' }]
    await cluster.client
      .resource(NODES)
      .patch({ name: 'node-4' }, { type: 'merge', body: { spec: { taints } } })
    await settled('agent', 3)
    await eventually('its pod there is gone', async () => !(await nodesOf('agent')).includes('node-4'))
    await cluster.client
      .resource(NODES)
      .patch({ name: 'node-4' }, { type: 'merge', body: { spec: { taints: null } } })
    await settled('agent', 4)
  })

  it('runs on the nodes that it selects', async () => {
    await make('disks', { template: template({ app: 'disks' }, '1', { nodeSelector: { disk: 'ssd' } }) })
    await settled('disks', 1)
    assert.deepEqual(await nodesOf('disks'), ['node-4'])
  })

  it('updates node by node, and goes back with kubectl', {
    skip: !hasKubectl && 'kubectl 1.32 is not here',
  }, async () => {
    const run = (...args: string[]) => kubectl(cluster.plane.kubeconfig, '-n', NS, ...args)
    await change('agent', { template: template({ app: 'agent' }, '2') })
    assert.match(await run('rollout', 'status', 'ds/agent', '--timeout=30s'), /successfully rolled out/)
    assert.deepEqual(imagesOf(await podsOf(cluster.client, NS, 'agent')), ['2', '2', '2', '2'])
    assert.match(await run('rollout', 'history', 'ds/agent'), /^1 .*\n2 /m)
    await run('rollout', 'undo', 'ds/agent')
    await run('rollout', 'status', 'ds/agent', '--timeout=30s')
    assert.deepEqual(imagesOf(await podsOf(cluster.client, NS, 'agent')), ['1', '1', '1', '1'])
    const { items } = await cluster.client
      .resource(CONTROLLER_REVISIONS)
      .list({ namespace: NS, labelSelector: 'app=agent' })
    assert.deepEqual(items.map(({ revision }) => revision).sort(), [2, 3])
  })

  it('keeps a pod on every node during an update that may surge', async () => {
    await make('always', { updateStrategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } })
    await settled('always', 4)
    let fewest = 4
    const watching = setInterval(async () => {
      const running = (await podsOf(cluster.client, NS, 'always').catch(() => [])).filter(
        ({ status }) => status.phase === 'Running',
      )
      const nodes = new Set(running.map(({ spec }) => spec.nodeName)).size
      if (running.length > 0) fewest = Math.min(fewest, nodes)
    }, 5)
    await change('always', { template: template({ app: 'always' }, '2') })
    await settled('always', 4)
    await eventually(
      'the old ones are gone',
      async () => imagesOf(await podsOf(cluster.client, NS, 'always')).join() === '2,2,2,2',
    )
    clearInterval(watching)
    assert.equal(fewest, 4)
  })

  it('goes with all its pods', async () => {
    await sets().delete(at('agent'))
    await eventually('all are gone', async () => (await podsOf(cluster.client, NS, 'agent')).length === 0)
  })
})
