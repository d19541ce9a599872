import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { ENDPOINT_SLICES, ENDPOINTS, PODS, SERVICES } from '@brume/client/builtin'
import { eventually } from '@brume/testkit/eventually'
import { withCluster } from '@brume/testkit/with-cluster'
import { exists, gone } from './cluster.ts'
import { createNode } from './fake-kubelet.ts'
import { template } from './workloads.ts'

const NS = 'leads'
const at = (name: string) => ({ namespace: NS, name })

describe('endpoints and their slices on a control plane', { timeout: 120_000 }, () => {
  const cluster = withCluster({
    namespace: NS,
    async prepare(client) {
      await createNode(client, 'node-1')
    },
  })

  const slicesOf = async (service: string) =>
    (
      await cluster.client
        .resource(ENDPOINT_SLICES)
        .list({ namespace: NS, labelSelector: `kubernetes.io/service-name=${service}` })
    ).items
  const makeService = (name: string, spec: object) =>
    cluster.client
      .resource(SERVICES)
      .create({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: NS }, spec })
  const setReady = (name: string, ready: boolean, ip: string) =>
    cluster.client.resource(PODS).patch(at(name), {
      type: 'merge',
      subresource: 'status',
      body: {
        status: {
          phase: 'Running',
          podIP: ip,
          podIPs: [{ ip }],
          conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
        },
      },
    })

  it('follow the pods of a Service from ready to gone', async () => {
    await makeService('web', { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] })
    const { spec, metadata } = template({ app: 'web' }, '1', { nodeName: 'node-1' }) as {
      spec: object
      metadata: object
    }
    await cluster.client.resource(PODS).create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...metadata, ...at('web-1') },
      spec,
    } as KubeObject)
    await setReady('web-1', true, '10.2.0.1')
    const ready = await eventually('the slice has the pod', async () => {
      const [slice, ...others] = await slicesOf('web')
      return others.length === 0 && slice?.['endpoints']?.[0]?.conditions.ready === true && slice
    })
    assert.deepEqual(ready['endpoints'][0].addresses, ['10.2.0.1'])
    assert.equal(ready['endpoints'][0].nodeName, 'node-1')
    assert.deepEqual(ready['ports'], [{ name: '', port: 8080, protocol: 'TCP' }])
    const subsetOf = async () => (await cluster.client.resource(ENDPOINTS).get(at('web')))['subsets']?.[0]
    await eventually(
      'the Endpoints have it',
      async () => (await subsetOf())?.addresses?.[0]?.ip === '10.2.0.1',
    )
    await setReady('web-1', false, '10.2.0.1')
    await eventually('it is not ready any more', async () => {
      const [slice] = await slicesOf('web')
      const unready = (await subsetOf())?.notReadyAddresses?.[0]?.ip === '10.2.0.1'
      return unready && slice?.['endpoints'][0].conditions.ready === false
    })
    await cluster.client.resource(PODS).delete(at('web-1'), { gracePeriodSeconds: 0 })
    await eventually('one empty slice is left', async () => {
      const slices = await slicesOf('web')
      return (
        slices.length === 1 &&
        (slices[0]!['endpoints'] ?? []).length === 0 &&
        (await subsetOf()) === undefined
      )
    })
    await cluster.client.resource(SERVICES).delete(at('web'))
    await eventually('all is gone with the Service', async () => {
      return (await slicesOf('web')).length === 0 && (await gone(cluster.client, ENDPOINTS, at('web')))
    })
  })

  it('are repeated as slices when people keep them themselves', async () => {
    await makeService('db', { ports: [{ port: 5432 }] })
    await cluster.client.resource(ENDPOINTS).create({
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: at('db'),
      subsets: [{ addresses: [{ ip: '192.0.2.7' }], ports: [{ port: 5432 }] }],
    })
    await eventually('a slice repeats them', async () => {
      const [slice] = await slicesOf('db')
      return slice?.['endpoints'][0].addresses[0] === '192.0.2.7'
    })
    await cluster.client.resource(ENDPOINTS).delete(at('db'))
    await eventually('the slice is gone', async () => (await slicesOf('db')).length === 0)
  })

  it('stay when there never was a Service', async () => {
    await cluster.client.resource(ENDPOINTS).create({
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: at('alone'),
      subsets: [{ addresses: [{ ip: '192.0.2.8' }], ports: [{ port: 1 }] }],
    })
    // What is asked for later is done later: when this Service has its Endpoints, those before were looked at.
    await makeService('after', { selector: { app: 'after' }, ports: [{ port: 1 }] })
    await eventually('later Endpoints exist', () => exists(cluster.client, ENDPOINTS, at('after')))
    assert.equal(await exists(cluster.client, ENDPOINTS, at('alone')), true)
  })
})
