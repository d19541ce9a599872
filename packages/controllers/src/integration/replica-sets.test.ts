import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EVENTS, PODS, REPLICA_SETS, REPLICATION_CONTROLLERS, RESOURCE_QUOTAS } from '@brume/client/builtin'
import { eventually } from '@brume/testkit/eventually'
import { withCluster } from '@brume/testkit/with-cluster'
import { podsOf, workload } from './workloads.ts'

const NS = 'replicas'

describe('ReplicaSets on a control plane', { timeout: 120_000 }, () => {
  const cluster = withCluster({ namespace: NS, nodes: ['node-1', 'node-2'] })

  const at = (name: string) => ({ namespace: NS, name })
  const sets = () => cluster.client.resource(REPLICA_SETS)
  const available = (name: string, count: number) =>
    eventually(`${name} has ${count} available pods`, async () => {
      const { status } = await sets().get(at(name))
      return (status.availableReplicas ?? 0) === count && status.replicas === count && status
    })
  const make = (name: string, spec: object) =>
    sets().create(workload({ kind: 'ReplicaSet', name, namespace: NS, spec: { ...spec } }))

  it('makes pods, scales them up and down, and replaces one that goes', async () => {
    await make('web', { replicas: 3 })
    const status = await available('web', 3)
    assert.equal(status.fullyLabeledReplicas, 3)
    const [victim] = await podsOf(cluster.client, NS, 'web')
    await cluster.client.resource(PODS).delete({ namespace: NS, name: victim!.metadata.name! })
    await eventually('another pod takes its place', async () => {
      const pods = await podsOf(cluster.client, NS, 'web')
      return pods.length === 3 && pods.every(({ metadata }) => metadata.uid !== victim!.metadata.uid)
    })
    for (const count of [30, 1]) {
      await sets().patch(at('web'), { type: 'merge', body: { spec: { replicas: count } } })
      await available('web', count)
      assert.equal((await podsOf(cluster.client, NS, 'web')).length, count)
    }
    const { items } = await cluster.client.resource(EVENTS).list({ namespace: NS })
    assert.ok(
      items.some(
        ({ reason, message }) => reason === 'SuccessfulCreate' && /^Created pod: web-/.test(message),
      ),
    )
    assert.ok(items.some(({ reason }) => reason === 'SuccessfulDelete'))
  })

  it('takes over a pod that nobody controls, and lets go of one that is relabelled', async () => {
    const labels = { app: 'adopt' }
    const spec = { containers: [{ name: 'main', image: 'example.org/app:1' }] }
    const metadata = { name: 'alone', namespace: NS, labels }
    await cluster.client.resource(PODS).create({ apiVersion: 'v1', kind: 'Pod', metadata, spec })
    const set = await make('adopt', { replicas: 1 })
    await available('adopt', 1)
    const adopted = await cluster.client.resource(PODS).get(at('alone'))
    assert.equal(adopted.metadata.ownerReferences![0]!.uid, set.metadata.uid)
    await cluster.client
      .resource(PODS)
      .patch(at('alone'), { type: 'merge', body: { metadata: { labels: { app: 'free' } } } })
    await eventually('the pod is free', async () => {
      return (
        ((await cluster.client.resource(PODS).get(at('alone'))).metadata.ownerReferences ?? []).length === 0
      )
    })
    await available('adopt', 1)
  })

  it('says that a quota refuses its pods, and goes on when it no longer does', async () => {
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'few', namespace: NS } }
    await cluster.client.resource(RESOURCE_QUOTAS).create({ ...quota, spec: { hard: { pods: '0' } } })
    await make('refused', { replicas: 2 })
    const condition = await eventually('the failure is told', async () => {
      return (await sets().get(at('refused')))['status'].conditions?.[0]
    })
    assert.equal(condition.reason, 'FailedCreate')
    assert.match(condition.message, /exceeded quota: few/)
    await cluster.client.resource(RESOURCE_QUOTAS).delete(at('few'))
    await sets().patch(at('refused'), {
      type: 'merge',
      body: { metadata: { annotations: { look: 'again' } } },
    })
    const status = await available('refused', 2)
    assert.ok(status.readyReplicas === 2)
    await eventually('the failure is over', async () => {
      return (await sets().get(at('refused')))['status'].conditions === undefined
    })
  })

  it('goes with its pods, or without them', async () => {
    await sets().delete(at('web'))
    await eventually('its pods are gone', async () => (await podsOf(cluster.client, NS, 'web')).length === 0)
    await sets().delete(at('adopt'), { propagationPolicy: 'Orphan' })
    await eventually('its pods stay without an owner', async () => {
      const pods = await podsOf(cluster.client, NS, 'adopt')
      return pods.length === 1 && (pods[0]!.metadata.ownerReferences ?? []).length === 0
    })
  })

  it('keeps as many pods for a ReplicationController', async () => {
    const controllers = cluster.client.resource(REPLICATION_CONTROLLERS)
    await controllers.create(
      workload({
        apiVersion: 'v1',
        kind: 'ReplicationController',
        name: 'old',
        namespace: NS,
        spec: { replicas: 2 },
      }),
    )
    await eventually(
      'both are available',
      async () => (await controllers.get(at('old')))['status'].availableReplicas === 2,
    )
    const [one] = await podsOf(cluster.client, NS, 'old')
    const { apiVersion, kind } = one!.metadata.ownerReferences![0]!
    assert.deepEqual({ apiVersion, kind }, { apiVersion: 'v1', kind: 'ReplicationController' })
  })
})
