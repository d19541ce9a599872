import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CRON_JOBS, JOBS, PODS } from '@brume/client/builtin'
import { eventually } from '@brume/testkit/eventually'
import { withCluster } from '@brume/testkit/with-cluster'

const NS = 'cron'
const key = { namespace: NS, name: 'tick' }

describe('CronJobs on a control plane', { timeout: 120_000 }, () => {
  const cluster = withCluster({ namespace: NS, nodes: ['node-1'] })

  it('make Jobs when their time comes, follow them to their end, and keep few', async () => {
    const template = {
      spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'example.org/c:1' }] },
    }
    await cluster.client.resource(CRON_JOBS).create({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: key,
      spec: { schedule: '@every 1s', successfulJobsHistoryLimit: 0, jobTemplate: { spec: { template } } },
    })
    const jobs = async () => (await cluster.client.resource(JOBS).list({ namespace: NS })).items
    const [job] = await eventually('a Job is made', async () => {
      const made = await jobs()
      return made.length > 0 && made
    })
    assert.equal(job!.metadata.ownerReferences![0]!.kind, 'CronJob')
    await cluster.client.resource(CRON_JOBS).patch(key, { type: 'merge', body: { spec: { suspend: true } } })
    await eventually('it is listed as active', async () => {
      const { status } = await cluster.client.resource(CRON_JOBS).get(key)
      return status?.active?.some(({ name }: { name: string }) => name === job!.metadata.name)
    })
    await eventually('all are over and gone', async () => {
      const { items } = await cluster.client.resource(PODS).list({ namespace: NS })
      for (const pod of items.filter((one) => one['status'].phase === 'Running')) {
        const body = { status: { phase: 'Succeeded' } }
        const at = { namespace: NS, name: pod.metadata.name! }
        await cluster.client.resource(PODS).patch(at, { type: 'merge', subresource: 'status', body })
      }
      const { status } = await cluster.client.resource(CRON_JOBS).get(key)
      return status?.active === undefined && status?.lastSuccessfulTime && (await jobs()).length === 0
    })
  })
})
