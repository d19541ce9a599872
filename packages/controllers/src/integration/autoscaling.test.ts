import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { formatTime } from '@brume/base/clock'
import { DEPLOYMENTS, EVENTS, HORIZONTAL_POD_AUTOSCALERS, NODES, PODS } from '@brume/client/builtin'
import { eventually as within } from '@brume/testkit/eventually'
import { httpOf } from '@brume/testkit/http'
import { type StatsAgent, startStatsAgent } from '@brume/testkit/stats-agent'
import { withCluster } from '@brume/testkit/with-cluster'
import { hasKubectl, kubectl, podsOf, workload } from './workloads.ts'

const NS = 'scaling'
const LIMIT_MS = 60_000
const TABLE = { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } }

const eventually: typeof within = (what, probe) => within(what, probe, LIMIT_MS)

describe('use of resources, and autoscaling by it', { timeout: 180_000 }, () => {
  const cluster = withCluster({ namespace: NS, nodes: ['n1', 'silent'] })
  let agent: StatsAgent
  let known: KubeObject[] = []
  let cpuMillis = 100

  before(async () => {
    agent = await startStatsAgent(cluster.plane, 'n1', () => ({
      node: { cpuMillis: 1500, memoryBytes: 3 * 1024 ** 3 },
      pods: known.map((pod) => ({ pod, containers: { main: { cpuMillis, memoryBytes: 64 * 1024 ** 2 } } })),
    }))
    const body = { status: agent.status }
    await cluster.client.resource(NODES).patch({ name: 'n1' }, { type: 'merge', subresource: 'status', body })
    const requests = { cpu: '200m', memory: '64Mi' }
    const containers = [{ name: 'main', image: 'example.org/app:1', resources: { requests } }]
    const web = workload({
      kind: 'Deployment',
      name: 'web',
      namespace: NS,
      spec: { replicas: 2 },
      podSpec: { containers, nodeName: 'n1' },
    })
    await cluster.client.resource(DEPLOYMENTS).create(web)
    known = await eventually('two pods to run', running)
    // Freshly started pods say little about the use of CPU.
    const longAgo = formatTime(Date.now() - 3_600_000)
    for (const { metadata } of known) {
      const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: longAgo }]
      const status = { startTime: longAgo, conditions }
      const key = { namespace: NS, name: metadata.name! }
      await cluster.client
        .resource(PODS)
        .patch(key, { type: 'strategic', subresource: 'status', body: { status } })
    }
  })
  after(async () => {
    await agent?.stop()
  })

  const running = async () => {
    const pods = await podsOf(cluster.client, NS, 'web')
    return pods.length === 2 && pods.every(({ status }) => status.phase === 'Running') ? pods : undefined
  }
  const metrics = (path: string) => httpOf(cluster.plane).send('GET', `/apis/metrics.k8s.io/v1beta1/${path}`)
  const replicas = async () =>
    (await cluster.client.resource(DEPLOYMENTS).get({ namespace: NS, name: 'web' }))['spec'].replicas
  const status = async () =>
    (await cluster.client.resource(HORIZONTAL_POD_AUTOSCALERS).get({ namespace: NS, name: 'web' }))['status']

  it('is asked of the agents, by node and by pod, and nodes that do not answer are left out', async () => {
    const nodes = await metrics('nodes')
    assert.deepEqual(
      nodes.body.items.map(({ metadata, usage }: KubeObject) => [metadata.name, usage]),
      [['n1', { cpu: '1500000000n', memory: '3145728Ki' }]],
    )
    const pods = await metrics(`namespaces/${NS}/pods?labelSelector=app%3Dweb`)
    assert.equal(pods.body.kind, 'PodMetricsList')
    assert.equal(pods.body.items.length, 2)
    assert.deepEqual(pods.body.items[0].containers, [
      { name: 'main', usage: { cpu: '100000000n', memory: '65536Ki' } },
    ])
    const none = await metrics(`namespaces/${NS}/pods?labelSelector=app%3Dother`)
    assert.deepEqual(none.body.items, [])
    const [pod] = known
    const one = await metrics(`namespaces/${NS}/pods/${pod!.metadata.name}`)
    assert.equal(one.body.metadata.labels.app, 'web')
    const absent = await metrics('nodes/silent')
    assert.deepEqual(
      [absent.status, absent.body.message],
      [404, 'nodemetrics.metrics.k8s.io "silent" not found'],
    )
  })

  it('is read once by all who ask in the same moment', async () => {
    const before = agent.asked
    await Promise.all(Array.from({ length: 20 }, () => metrics('pods')))
    assert.ok(agent.asked <= before + 1)
  })

  it('is a table for people, and cannot be written', async () => {
    const http = httpOf(cluster.plane)
    const table = await http.send('GET', '/apis/metrics.k8s.io/v1beta1/nodes', undefined, TABLE)
    assert.deepEqual(
      table.body.columnDefinitions.map(({ name }: { name: string }) => name),
      ['Name', 'cpu', 'memory', 'Window'],
    )
    assert.deepEqual(table.body.rows[0].cells, ['n1', '1500000000n', '3145728Ki', '10s'])
    const written = await http.send('DELETE', '/apis/metrics.k8s.io/v1beta1/nodes/n1')
    assert.equal(written.status, 405)
  })

  it('is what kubectl top shows', { skip: hasKubectl ? false : 'kubectl is not on PATH' }, async () => {
    assert.match(
      await kubectl(cluster.plane.kubeconfig, 'top', 'node', 'n1', '--no-headers'),
      /^n1\s+1500m\s/,
    )
    const pods = await kubectl(cluster.plane.kubeconfig, 'top', 'pod', '-n', NS, '--no-headers')
    assert.match(pods, /^web-\S+\s+100m\s+64Mi/)
  })

  it('makes a Deployment larger when its pods use more than they should, and smaller again', async () => {
    cpuMillis = 190
    await cluster.client.resource(HORIZONTAL_POD_AUTOSCALERS).create({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web', namespace: NS },
      spec: {
        minReplicas: 1,
        maxReplicas: 5,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
          },
        ],
        behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
      },
    })
    await eventually('four replicas', async () => (await replicas()) === 4)
    const conditions = (await status()).conditions.map(
      ({ type, reason }: Record<string, string>) => `${type} ${reason}`,
    )
    assert.ok(conditions.includes('ScalingActive ValidMetricFound'))
    const rescale = await eventually('its event', async () => {
      const { items } = await cluster.client.resource(EVENTS).list({ namespace: NS })
      return items.find(({ reason }) => reason === 'SuccessfulRescale')
    })
    assert.match(rescale['message'], /^New size: 4; reason: cpu resource utilization/)
    cpuMillis = 10
    // Pods that are not measured count as busy.
    known = await eventually('four pods', async () => {
      const pods = await podsOf(cluster.client, NS, 'web')
      return pods.length === 4 ? pods : undefined
    })
    await eventually('fewer replicas', async () => (await replicas()) < 4)
  })

  it('says why when the target cannot be read', async () => {
    await cluster.client.resource(HORIZONTAL_POD_AUTOSCALERS).create({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'lost', namespace: NS },
      spec: { maxReplicas: 5, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'lost' } },
    })
    await eventually('the condition', async () => {
      const lost = await cluster.client
        .resource(HORIZONTAL_POD_AUTOSCALERS)
        .get({ namespace: NS, name: 'lost' })
      const [able] = lost['status']?.conditions ?? []
      return able?.reason === 'FailedGetScale' && /deployments.apps "lost" not found/.test(able.message)
    })
  })
})
