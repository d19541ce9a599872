import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isStatus } from '@brume/base/errors'
import { PODS, REPLICA_SETS } from '@brume/client/builtin'
import { eventually } from '@brume/testkit/eventually'
import { withCluster } from '@brume/testkit/with-cluster'
import { POD_DISRUPTION_BUDGETS } from '../disruption/controller.ts'
import { podsOf, workload } from './workloads.ts'

const NS = 'budgets'

describe('disruption budgets on a control plane', { timeout: 120_000 }, () => {
  const cluster = withCluster({ namespace: NS, nodes: ['node-1'] })

  it('lets one pod be evicted, refuses the next, and allows again when the first is replaced', async () => {
    await cluster.client
      .resource(REPLICA_SETS)
      .create(workload({ kind: 'ReplicaSet', name: 'web', namespace: NS, spec: { replicas: 3 } }))
    const budgets = cluster.client.resource(POD_DISRUPTION_BUDGETS)
    await budgets.create({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'web', namespace: NS },
      spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'web' } } },
    })
    const allowed = (count: number) =>
      eventually(`${count} disruptions are allowed`, async () => {
        const { status } = await budgets.get({ namespace: NS, name: 'web' })
        return status?.disruptionsAllowed === count && status.expectedPods === 3 && status
      })
    const status = await allowed(1)
    assert.deepEqual([status.currentHealthy, status.desiredHealthy], [3, 2])
    cluster.kubelet.hold = () => true
    const [first, second] = await podsOf(cluster.client, NS, 'web')
    const evict = (name: string) =>
      cluster.client.resource(PODS).createSubresource({ namespace: NS, name }, 'eviction', {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name, namespace: NS },
      })
    await evict(first!.metadata.name!)
    const refused = await evict(second!.metadata.name!).catch((error: unknown) => error)
    assert.ok(isStatus(refused, 'TooManyRequests'), String(refused))
    await eventually('the loss shows', async () => {
      const { status: now } = await budgets.get({ namespace: NS, name: 'web' })
      return now.currentHealthy === 2 && now.disruptionsAllowed === 0
    })
    cluster.kubelet.hold = () => false
    cluster.kubelet.look()
    await allowed(1)
  })
})
