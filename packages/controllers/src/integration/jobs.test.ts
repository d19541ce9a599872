import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { JOBS, PODS } from '@brume/client/builtin'
import { eventually } from '@brume/testkit/eventually'
import { withCluster } from '@brume/testkit/with-cluster'

const NS = 'jobs'
const at = (name: string) => ({ namespace: NS, name })

describe('Jobs on a control plane', { timeout: 120_000 }, () => {
  const cluster = withCluster({ namespace: NS, nodes: ['node-1'] })

  const make = (name: string, spec: object) =>
    cluster.client.resource(JOBS).create({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, namespace: NS },
      spec: {
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'example.org/c:1' }] } },
        ...spec,
      },
    })
  const podsOf = async (name: string) =>
    (
      await cluster.client
        .resource(PODS)
        .list({ namespace: NS, labelSelector: `batch.kubernetes.io/job-name=${name}` })
    ).items
  const running = (name: string, count: number) =>
    eventually(`${count} pods of ${name} run`, async () => {
      const pods = (await podsOf(name)).filter((pod) => pod['status'].phase === 'Running')
      return pods.length === count && pods
    })
  const end = (pod: KubeObject, phase: string) =>
    cluster.client
      .resource(PODS)
      .patch(at(pod.metadata.name!), { type: 'merge', subresource: 'status', body: { status: { phase } } })
  const condition = (name: string, type: string) =>
    eventually(`${name} is ${type}`, async () => {
      const { status } = await cluster.client.resource(JOBS).get(at(name))
      return (
        status?.conditions?.some(
          (c: { type: string; status: string }) => c.type === type && c.status === 'True',
        ) && status
      )
    })

  it('run to completion, index by index, and let their pods go', async () => {
    await make('work', { completions: 3, parallelism: 2, completionMode: 'Indexed' })
    for (const pod of await running('work', 2)) await end(pod, 'Succeeded')
    for (const pod of await running('work', 1)) await end(pod, 'Succeeded')
    const status = await condition('work', 'Complete')
    assert.deepEqual([status.succeeded, status.completedIndexes, status.failed], [3, '0-2', undefined])
    assert.ok(status.completionTime)
    assert.ok((await podsOf('work')).every(({ metadata }) => metadata.finalizers === undefined))
  })

  it('fail beyond the limit of failures', async () => {
    await make('broken', { backoffLimit: 0 })
    const [pod] = await running('broken', 1)
    await end(pod!, 'Failed')
    const status = await condition('broken', 'Failed')
    assert.equal(status.failed, 1)
    assert.equal(status.conditions.at(-1).reason, 'BackoffLimitExceeded')
  })

  it('go with their pods', async () => {
    await make('left', { parallelism: 2, completions: 2 })
    await running('left', 2)
    await cluster.client.resource(JOBS).delete(at('left'), { propagationPolicy: 'Background' })
    await eventually('their pods are gone', async () => (await podsOf('left')).length === 0)
  })
})
