// Conformance: volumes, claims and what describes drivers: the API alone, without anybody who provisions or attaches.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '@brume/testkit/eventually'
import { conformanceApi, type Json, unique } from './api.ts'

const api = conformanceApi()

const MERGE = { contentType: 'application/merge-patch+json' }
const STORAGE = '/apis/storage.k8s.io/v1'
const VOLUMES = '/api/v1/persistentvolumes'
const gone = (path: string) =>
  eventually(`${path} is gone`, async () => (await api.send('GET', path)).status === 404)
const volume = (name: string, more: object = {}) => ({
  metadata: { name, labels: { volume: name } },
  spec: {
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: '1Gi' },
    storageClassName: 'manual',
    hostPath: { path: '/data' },
    ...more,
  },
})
const claim = (name: string, more: object = {}) => ({
  metadata: { name, labels: { claim: name } },
  spec: {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'manual',
    resources: { requests: { storage: '1Gi' } },
    ...more,
  },
})

test('a volume and a claim run through their lives, and are found by label everywhere', async () => {
  const name = unique('v')
  const claims = `/api/v1/namespaces/${await api.namespace()}/persistentvolumeclaims`
  assert.equal((await api.create(VOLUMES, volume(name))).spec.persistentVolumeReclaimPolicy, 'Retain')
  const made = await api.create(claims, claim(name))
  assert.deepEqual([made.spec.volumeMode, made.status.phase], ['Filesystem', 'Pending'])
  assert.equal((await api.get(VOLUMES, { labelSelector: `volume=${name}` })).items.length, 1)
  assert.equal(
    (await api.get('/api/v1/persistentvolumeclaims', { labelSelector: `claim=${name}` })).items.length,
    1,
  )
  await api.patch(`${VOLUMES}/${name}`, { metadata: { labels: { patched: 'yes' } } }, 'strategic')
  const updated = await api.edit(`${claims}/${name}`, ({ metadata }) => {
    metadata.labels.updated = 'yes'
  })
  assert.equal(updated.metadata.labels.updated, 'yes')
  await api.delete(claims, undefined, { labelSelector: 'updated=yes' })
  await gone(`${claims}/${name}`)
  await api.delete(VOLUMES, undefined, { labelSelector: `volume=${name},patched` })
  await gone(`${VOLUMES}/${name}`)
})

test('the status of a volume and of a claim is read, patched and replaced', async () => {
  const name = unique('v')
  const claims = `/api/v1/namespaces/${await api.namespace()}/persistentvolumeclaims`
  await api.create(VOLUMES, volume(name))
  await api.create(claims, claim(name))
  const condition = (type: string) => ({ type, status: 'True', reason: 'E2E', message: 'm' })
  await api.patch(`${claims}/${name}/status`, { status: { conditions: [condition('StatusPatched')] } })
  const replaced = await api.edit(`${claims}/${name}/status`, ({ status }) => {
    status.conditions.push(condition('StatusUpdated'))
  })
  assert.deepEqual(
    replaced.status.conditions.map(({ type }: Json) => type),
    ['StatusPatched', 'StatusUpdated'],
  )
  await api.patch(`${VOLUMES}/${name}/status`, { status: { message: 'patched', reason: 'E2E' } })
  const read = await api.get(`${VOLUMES}/${name}/status`)
  assert.deepEqual([read.status.message, read.status.reason], ['patched', 'E2E'])
  await api.delete(`${VOLUMES}/${name}`)
})

test('what a claim asks for is fixed, and a claim in use is kept until it is used no more', async () => {
  const namespace = await api.namespace()
  const [claims, pods] = ['persistentvolumeclaims', 'pods'].map(
    (resource) => `/api/v1/namespaces/${namespace}/${resource}`,
  ) as [string, string]
  await api.create(claims, claim('c'))
  const refusal = await api.refused(
    422,
    'Invalid',
    'PATCH',
    `${claims}/c`,
    { spec: { accessModes: ['ReadOnlyMany'] } },
    MERGE,
  )
  assert.match(refusal, /spec: Forbidden: spec is immutable after creation except resources\.requests/)
  assert.deepEqual((await api.get(`${claims}/c`)).metadata.finalizers, ['kubernetes.io/pvc-protection'])
  const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }]
  await api.create(pods, {
    metadata: { name: 'p' },
    spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }], volumes },
  })
  await api.delete(`${claims}/c`)
  assert.ok((await api.get(`${claims}/c`)).metadata.deletionTimestamp)
  await api.delete(`${pods}/p`, { gracePeriodSeconds: 0 })
  await gone(`${claims}/c`)
})

test('a claim without a class gets the one that is the default', async () => {
  const name = unique('class')
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' }
  await api.create(`${STORAGE}/storageclasses`, {
    metadata: { name, annotations },
    provisioner: 'example.com/p',
  })
  const claims = `/api/v1/namespaces/${await api.namespace()}/persistentvolumeclaims`
  const make = async (claimName: string, storageClassName: string | undefined) =>
    (await api.create(claims, claim(claimName, { storageClassName }))).spec.storageClassName
  assert.equal(await make('default', undefined), name)
  assert.equal(await make('none', ''), '')
  await api.delete(`${STORAGE}/storageclasses/${name}`)
  // The one that every cluster has.
  assert.equal(await make('later', undefined), 'local')
})

test('what a storage class does is fixed', async () => {
  const name = unique('class')
  const path = `${STORAGE}/storageclasses`
  await api.create(path, {
    metadata: { name, labels: { set: name } },
    provisioner: 'example.com/p',
    parameters: { a: 'b' },
  })
  for (const change of [
    { provisioner: 'other.com/p' },
    { parameters: { a: 'c' } },
    { reclaimPolicy: 'Retain' },
    { volumeBindingMode: 'WaitForFirstConsumer' },
  ]) {
    await api.refused(422, 'Invalid', 'PATCH', `${path}/${name}`, change, MERGE)
  }
  assert.equal(
    (await api.patch(`${path}/${name}`, { allowVolumeExpansion: true })).allowVolumeExpansion,
    true,
  )
  await api.delete(path, undefined, { labelSelector: `set=${name}` })
  await api.refused(404, 'NotFound', 'GET', `${path}/${name}`)
})

test('an attachment is found, changed in its status, and fixed in what it attaches', async () => {
  const name = unique('attachment')
  const path = `${STORAGE}/volumeattachments`
  const spec = { attacher: 'csi.example.com', nodeName: 'n', source: { persistentVolumeName: 'pv' } }
  const made = await api.create(path, {
    metadata: { name, labels: { set: name } },
    spec,
    status: { attached: true },
  })
  assert.deepEqual(made.status, { attached: false })
  assert.equal(
    (await api.patch(`${path}/${name}/status`, { status: { attached: true } })).status.attached,
    true,
  )
  await api.refused(422, 'Invalid', 'PATCH', `${path}/${name}`, { spec: { nodeName: 'm' } }, MERGE)
  assert.equal(
    (await api.patch(`${path}/${name}`, { metadata: { labels: { patched: 'yes' } } })).status.attached,
    true,
  )
  await api.delete(path, undefined, { labelSelector: `set=${name},patched=yes` })
  await gone(`${path}/${name}`)
})

test('a driver and a node of it are made anew under the same name', async () => {
  for (const [resource, spec] of [
    ['csidrivers', { attachRequired: false }],
    ['csinodes', { drivers: [{ name: 'd', nodeID: 'n', topologyKeys: [] }] }],
  ] as const) {
    const name = unique('csi')
    const path = `${STORAGE}/${resource}`
    const first = await api.create(path, { metadata: { name, labels: { set: name } }, spec })
    await api.delete(`${path}/${name}`)
    const second = await api.create(path, { metadata: { name, labels: { set: name } }, spec })
    assert.notEqual(first.metadata.uid, second.metadata.uid)
    await api.delete(path, undefined, { labelSelector: `set=${name}` })
    assert.deepEqual((await api.get(path, { labelSelector: `set=${name}` })).items, [])
  }
})
