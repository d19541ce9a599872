// Conformance: the life of a namespace, and what goes with it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '@brume/testkit/eventually'
import { conformanceApi, type Json } from './api.ts'
import { define } from './custom.ts'

const api = conformanceApi()

const NAMESPACES = '/api/v1/namespaces'
const gone = (path: string) =>
  eventually(`${path} is gone`, async () => (await api.send('GET', path)).status === 404)

test('a new namespace is active, labelled with its name, and has its account and root certificate', async () => {
  const name = await api.namespace()
  const { metadata, spec, status } = await api.get(`${NAMESPACES}/${name}`)
  assert.equal(status.phase, 'Active')
  assert.deepEqual(spec.finalizers, ['kubernetes'])
  assert.equal(metadata.labels['kubernetes.io/metadata.name'], name)
  for (const path of ['serviceaccounts/default', 'configmaps/kube-root-ca.crt']) {
    await eventually(
      path,
      async () => (await api.send('GET', `${NAMESPACES}/${name}/${path}`)).status === 200,
    )
  }
})

test('a deleted namespace takes pods, services and custom resources with it, and its name is free again', async () => {
  const name = await api.namespace()
  const kind = await define(api)
  const path = `${NAMESPACES}/${name}`
  await api.create(`${path}/pods`, {
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  })
  await api.create(`${path}/services`, { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } })
  await api.create(kind.namespaced(name), {
    apiVersion: kind.apiVersion(),
    kind: 'Foo',
    metadata: { name: 'f' },
  })
  const deleted = await api.delete(path)
  assert.equal(deleted.status.phase, 'Terminating')
  await gone(path)
  await api.create(NAMESPACES, { metadata: { name } })
  for (const collection of [`${path}/pods`, `${path}/services`, kind.namespaced(name)]) {
    assert.deepEqual((await api.get(collection)).items, [])
  }
})

test('a namespace that ends takes nothing in, and says what holds it', async () => {
  const name = await api.namespace()
  const path = `${NAMESPACES}/${name}`
  await api.create(`${path}/configmaps`, { metadata: { name: 'held', finalizers: ['example.com/hold'] } })
  await api.delete(path)
  await api.refused(403, 'Forbidden', 'POST', `${path}/configmaps`, { metadata: { name: 'late' } })
  const holding = await eventually('the condition', async () => {
    const { status } = await api.get(path)
    return status.conditions?.find(
      ({ type, status }: Json) => type === 'NamespaceFinalizersRemaining' && status === 'True',
    )
  })
  assert.match(holding.message, /example\.com\/hold/)
  await api.patch(`${path}/configmaps/held`, { metadata: { finalizers: null } })
  await gone(path)
})

test('a namespace is patched and updated', async () => {
  const path = `${NAMESPACES}/${await api.namespace()}`
  assert.equal(
    (await api.patch(path, { metadata: { labels: { a: 'b' } } }, 'strategic')).metadata.labels.a,
    'b',
  )
  const updated = await api.edit(path, ({ metadata }) => {
    metadata.labels.updated = 'yes'
  })
  assert.equal(updated.metadata.labels.updated, 'yes')
  assert.equal((await api.get(path)).metadata.labels.a, 'b')
})

test('the status of a namespace is read, patched and replaced', async () => {
  const path = `${NAMESPACES}/${await api.namespace()}`
  assert.equal((await api.get(`${path}/status`)).status.phase, 'Active')
  const condition = (type: string) => ({ type, status: 'True', reason: 'E2E', message: 'by a client' })
  const patched = await api.patch(`${path}/status`, {
    metadata: { annotations: { patched: 'yes' } },
    status: { conditions: [condition('StatusPatch')] },
  })
  assert.equal(patched.metadata.annotations.patched, 'yes')
  const updated = await api.edit(`${path}/status`, ({ status }) => {
    status.conditions.push(condition('StatusUpdate'))
  })
  assert.deepEqual(updated.status.conditions.map(({ type }: Json) => type).sort(), [
    'StatusPatch',
    'StatusUpdate',
  ])
})

test('finalizers of a namespace are set and taken away through finalize only', async () => {
  const path = `${NAMESPACES}/${await api.namespace()}`
  const finalizer = 'example.com/finalizer'
  const put = async (change: (finalizers: string[]) => string[]) => {
    const namespace = await api.get(path)
    namespace.spec.finalizers = change(namespace.spec.finalizers)
    return api.replace(`${path}/finalize`, namespace)
  }
  assert.deepEqual((await put((all) => [...all, finalizer])).spec.finalizers, ['kubernetes', finalizer])
  const edited = await api.edit(path, ({ spec }) => {
    spec.finalizers = ['kubernetes']
  })
  assert.deepEqual(
    edited.spec.finalizers,
    ['kubernetes', finalizer],
    'the main endpoint leaves them as they are',
  )
  assert.deepEqual((await put((all) => all.filter((one) => one !== finalizer))).spec.finalizers, [
    'kubernetes',
  ])
})

test('a namespace waits for a finalizer of somebody else', async () => {
  const path = `${NAMESPACES}/${await api.namespace()}`
  const namespace = await api.get(path)
  namespace.spec.finalizers.push('example.com/finalizer')
  await api.replace(`${path}/finalize`, namespace)
  await api.delete(path)
  const left = await eventually('the own finalizer is done', async () => {
    const found = await api.get(path)
    return found.spec.finalizers.includes('kubernetes') ? undefined : found
  })
  left.spec.finalizers = []
  await api.replace(`${path}/finalize`, left)
  await gone(path)
})

test('namespaces that everything needs cannot be deleted', async () => {
  for (const name of ['default', 'kube-system', 'kube-public']) {
    await api.refused(403, 'Forbidden', 'DELETE', `${NAMESPACES}/${name}`)
  }
})
