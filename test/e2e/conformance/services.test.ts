// Conformance: services as API objects: types and what they allocate, status, collections, and the one of the API.

import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { eventually } from '@brume/testkit/eventually'
import { conformanceApi, type Json } from './api.ts'

/** Not on this machine's own address only: the service of the API must have somewhere to lead. */
const api = conformanceApi({ host: '0.0.0.0' })
const outside = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.internal === false)

const PORTS = [{ port: 80, protocol: 'TCP', targetPort: 80 }]

async function serviceOf(
  spec: object,
): Promise<{ path: string; spec: Json; edit(spec: object): Promise<Json> }> {
  const path = `/api/v1/namespaces/${await api.namespace()}/services`
  const created = await api.create(path, { metadata: { name: 's' }, spec })
  const edit = async (change: Json) =>
    (
      await api.edit(`${path}/s`, (service) => {
        for (const [name, value] of Object.entries(change)) {
          if (value === null) delete service.spec[name]
          else service.spec[name] = value
        }
      })
    ).spec
  return { path: `${path}/s`, spec: created.spec, edit }
}

test('the service of the API exists, over HTTPS, with endpoints and slices that lead to it', {
  skip: outside ? false : 'this machine has no address but its own',
}, async () => {
  const { items } = await api.get('/api/v1/services')
  const found = items.find(
    ({ metadata }: Json) => metadata.name === 'kubernetes' && metadata.namespace === 'default',
  )
  assert.ok(found, 'in the list of all namespaces')
  assert.deepEqual(
    found.spec.ports.map(({ name, port }: Json) => [name, port]),
    [['https', 443]],
  )
  const { subsets } = await api.get('/api/v1/namespaces/default/endpoints/kubernetes')
  const slices = await api.get('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
    labelSelector: 'kubernetes.io/service-name=kubernetes',
  })
  assert.equal(slices.items.length, 1)
  const [slice] = slices.items
  assert.deepEqual(
    slice.endpoints[0].addresses,
    subsets[0].addresses.map(({ ip }: Json) => ip),
  )
  assert.equal(slice.ports[0].port, subsets[0].ports[0].port)
  assert.equal(slice.ports[0].name, 'https')
})

test('an external name becomes a cluster address and back', async () => {
  const { spec, edit } = await serviceOf({ type: 'ExternalName', externalName: 'example.com' })
  assert.equal(spec.clusterIP, undefined)
  const cluster = await edit({ type: 'ClusterIP', externalName: null, ports: PORTS })
  assert.match(cluster.clusterIP, /^10\.96\./)
  assert.deepEqual(cluster.clusterIPs, [cluster.clusterIP])
  const external = await edit({
    type: 'ExternalName',
    externalName: 'example.com',
    clusterIP: null,
    clusterIPs: null,
  })
  assert.deepEqual(
    [external.clusterIP, external.clusterIPs, external.externalName],
    [undefined, undefined, 'example.com'],
  )
})

test('an external name becomes a node port, which is free again when it is one no more', async () => {
  const { edit } = await serviceOf({ type: 'ExternalName', externalName: 'example.com' })
  const node = await edit({ type: 'NodePort', externalName: null, ports: PORTS })
  const { nodePort } = node.ports[0]
  assert.ok(nodePort >= 30_000 && nodePort <= 32_767)
  assert.ok(node.clusterIP)
  const taken = { type: 'NodePort', ports: [{ ...PORTS[0], nodePort }] }
  const other = `/api/v1/namespaces/${await api.namespace()}/services`
  await api.refused(422, 'Invalid', 'POST', other, { metadata: { name: 'other' }, spec: taken })
  const external = await edit({
    type: 'ExternalName',
    externalName: 'example.com',
    clusterIP: null,
    clusterIPs: null,
    ports: [{ port: 80 }],
  })
  assert.equal(external.ports[0].nodePort, undefined)
  await api.create(other, { metadata: { name: 'other' }, spec: taken })
})

test('a cluster address is kept by an update that does not name it, and taken by nobody else', async () => {
  const { path, spec } = await serviceOf({ ports: PORTS })
  const kept = await api.patch(path, { spec: { ports: [{ port: 81 }] } })
  assert.equal(kept.spec.clusterIP, spec.clusterIP)
  const twin = { metadata: { name: 'twin' }, spec: { ports: PORTS, clusterIP: spec.clusterIP } }
  await api.refused(422, 'Invalid', 'POST', path.replace(/\/s$/, ''), twin)
  await api.refused(
    422,
    'Invalid',
    'PATCH',
    path,
    { spec: { clusterIP: '10.96.200.200', clusterIPs: ['10.96.200.200'] } },
    { contentType: 'application/merge-patch+json' },
  )
  await api.delete(path)
  await api.create(path.replace(/\/s$/, ''), twin)
})

test('session affinity is switched, with its default time', async () => {
  const { edit } = await serviceOf({ ports: PORTS })
  const sticky = await edit({ sessionAffinity: 'ClientIP' })
  assert.equal(sticky.sessionAffinityConfig.clientIP.timeoutSeconds, 10_800)
  const free = await edit({ sessionAffinity: 'None', sessionAffinityConfig: null })
  assert.equal(free.sessionAffinityConfig, undefined)
})

test('the same port with two protocols is two ports', async () => {
  const ports = [
    { name: 'tcp', port: 80, protocol: 'TCP' },
    { name: 'udp', port: 80, protocol: 'UDP' },
  ]
  const { edit } = await serviceOf({ ports })
  assert.deepEqual(
    (await edit({ ports: [ports[0]] })).ports.map(({ protocol }: Json) => protocol),
    ['TCP'],
  )
  assert.deepEqual(
    (await edit({ ports: [ports[1]] })).ports.map(({ protocol }: Json) => protocol),
    ['UDP'],
  )
})

test('the status of a service goes through its life', async () => {
  const { path } = await serviceOf({ type: 'LoadBalancer', ports: PORTS })
  const watch = api.watch(path.replace(/\/s$/, ''), { fieldSelector: 'metadata.name=s' })
  assert.deepEqual((await api.get(`${path}/status`)).status, { loadBalancer: {} })
  const patched = await api.patch(`${path}/status`, {
    metadata: { annotations: { patchedstatus: 'true' } },
    status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } },
  })
  assert.equal(patched.metadata.annotations.patchedstatus, 'true')
  assert.equal(patched.status.loadBalancer.ingress[0].ipMode, 'VIP')
  const updated = await api.edit(`${path}/status`, ({ status }) => {
    status.conditions = [
      {
        type: 'StatusUpdate',
        status: 'True',
        reason: 'E2E',
        message: 'm',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ]
  })
  assert.equal(updated.status.conditions[0].type, 'StatusUpdate')
  await api.patch(path, { metadata: { labels: { patched: 'yes' } } }, 'strategic')
  await api.delete(path)
  await watch.saw('the status', ({ object }) => object.status.conditions?.[0].type === 'StatusUpdate')
  await watch.saw('the label', ({ object }) => object.metadata.labels?.patched === 'yes')
  await watch.saw('the deletion', ({ type }) => type === 'DELETED')
})

test('services are deleted by label, and their addresses with them', async () => {
  const path = `/api/v1/namespaces/${await api.namespace()}/services`
  for (const [name, set] of [
    ['a', 'x'],
    ['b', 'x'],
    ['c', 'y'],
  ] as const) {
    await api.create(path, { metadata: { name, labels: { set } }, spec: { ports: PORTS } })
  }
  const { clusterIP } = (await api.get(`${path}/a`)).spec
  await api.delete(path, undefined, { labelSelector: 'set=x' })
  assert.deepEqual(
    (await api.get(path)).items.map(({ metadata }: Json) => metadata.name),
    ['c'],
  )
  await api.create(path, { metadata: { name: 'again' }, spec: { ports: PORTS, clusterIP } })
})

test('endpoints live, and are deleted by label', async () => {
  const path = `/api/v1/namespaces/${await api.namespace()}/endpoints`
  await api.create(path, {
    metadata: { name: 'e', labels: { static: 'yes' } },
    subsets: [{ addresses: [{ ip: '10.0.0.24' }], ports: [{ port: 80 }] }],
  })
  assert.equal((await api.get('/api/v1/endpoints', { labelSelector: 'static=yes' })).items.length, 1)
  const updated = await api.edit(`${path}/e`, ({ metadata }) => {
    metadata.labels.updated = 'yes'
  })
  assert.equal(updated.metadata.labels.updated, 'yes')
  const patch = { subsets: [{ addresses: [{ ip: '10.0.0.25' }], ports: [{ name: 'web', port: 8080 }] }] }
  assert.equal((await api.patch(`${path}/e`, patch, 'strategic')).subsets[0].addresses[0].ip, '10.0.0.25')
  const watch = api.watch(path, { labelSelector: 'static=yes' })
  await api.delete(path, undefined, { labelSelector: 'static=yes' })
  await watch.saw('the deletion', ({ type }) => type === 'DELETED')
  await eventually('no endpoints', async () => (await api.send('GET', `${path}/e`)).status === 404)
})
