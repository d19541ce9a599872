import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { CRON_JOBS, JOBS, PODS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { createNamespace } from './cluster.ts'
import { type FakeKubelet, startFakeKubelet } from './fake-kubelet.ts'

const NS = 'cron'
const key = { namespace: NS, name: 'tick' }

describe('CronJobs on a control plane', { timeout: 120_000 }, () => {
  let plane: TestControlPlane
  let client: Client
  let kubelet: FakeKubelet

  before(async () => {
    plane = await startTestControlPlane()
    client = plane.client
    await createNamespace(client, NS)
    kubelet = await startFakeKubelet(client, ['node-1'])
  })
  after(async () => {
    await kubelet?.stop()
    await plane?.stop()
  })

  it('make Jobs when their time comes, follow them to their end, and keep few', async () => {
    const template = {
      spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'example.org/c:1' }] },
    }
    await client.resource(CRON_JOBS).create({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: key,
      spec: { schedule: '@every 1s', successfulJobsHistoryLimit: 0, jobTemplate: { spec: { template } } },
    })
    const jobs = async () => (await client.resource(JOBS).list({ namespace: NS })).items
    const [job] = await eventually('a Job is made', async () => {
      const made = await jobs()
      return made.length > 0 && made
    })
    assert.equal(job!.metadata.ownerReferences![0]!.kind, 'CronJob')
    await client.resource(CRON_JOBS).patch(key, { type: 'merge', body: { spec: { suspend: true } } })
    await eventually('it is listed as active', async () => {
      const { status } = await client.resource(CRON_JOBS).get(key)
      return status?.active?.some(({ name }: { name: string }) => name === job!.metadata.name)
    })
    await eventually('all are over and gone', async () => {
      const { items } = await client.resource(PODS).list({ namespace: NS })
      for (const pod of items.filter((one) => one['status'].phase === 'Running')) {
        const body = { status: { phase: 'Succeeded' } }
        const at = { namespace: NS, name: pod.metadata.name! }
        await client.resource(PODS).patch(at, { type: 'merge', subresource: 'status', body })
      }
      const { status } = await client.resource(CRON_JOBS).get(key)
      return status?.active === undefined && status?.lastSuccessfulTime && (await jobs()).length === 0
    })
  })
})
