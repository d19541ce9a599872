// Conformance: lists in chunks, also after the history behind a chunk is gone, and lists as tables.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conformanceApi, type Json } from './api.ts'
import { define } from './custom.ts'

const api = conformanceApi()

const OBJECTS = 40
const PAGE = 17
const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }

async function podTemplates(): Promise<string> {
  const namespace = await api.namespace()
  const path = `/api/v1/namespaces/${namespace}/podtemplates`
  const template = { spec: { containers: [{ name: 'c', image: 'image' }] } }
  const names = Array.from({ length: OBJECTS }, (_, n) => `template-${String(n).padStart(4, '0')}`)
  await Promise.all(names.map((name) => api.create(path, { metadata: { name }, template })))
  return path
}

const page = (path: string, token = '') =>
  api.get(path, { limit: String(PAGE), ...(token === '' ? {} : { continue: token }) })

test('a list in chunks is one consistent state, and says how much remains', async () => {
  const path = await podTemplates()
  const seen: string[] = []
  let token = ''
  let version = ''
  do {
    const { items, metadata } = await page(path, token)
    assert.ok(items.length <= PAGE)
    version ||= metadata.resourceVersion
    assert.equal(metadata.resourceVersion, version)
    seen.push(...items.map((item: Json) => item.metadata.name))
    const remaining = OBJECTS - seen.length
    assert.equal(metadata.remainingItemCount, remaining === 0 ? undefined : remaining)
    if (token === '')
      await api.create(path, {
        metadata: { name: 'a-late-one' },
        template: { spec: { containers: [{ name: 'c', image: 'i' }] } },
      })
    token = metadata.continue ?? ''
  } while (token !== '')
  assert.equal(seen.length, OBJECTS)
  assert.deepEqual(seen, [...seen].sort())
  assert.equal((await api.get(path)).items.length, OBJECTS + 1)
  assert.equal((await api.get(path)).metadata.remainingItemCount, undefined)
})

test('a chunk whose history is compacted offers to go on inconsistently from the same key', async () => {
  const path = await podTemplates()
  const first = await page(path)
  await api.delete(`${path}/template-0039`)
  const { store } = api.plane.plane
  await store.compact(store.revision)
  const expired = await api.send('GET', path, undefined, {
    query: { limit: String(PAGE), continue: first.metadata.continue },
  })
  assert.equal(expired.status, 410, expired.text)
  assert.equal(expired.body.reason, 'Expired')
  const token = expired.body.metadata.continue
  assert.ok(token, 'a token for the inconsistent rest')
  const second = await page(path, token)
  assert.equal(second.items[0].metadata.name, `template-00${PAGE}`)
  assert.ok(BigInt(second.metadata.resourceVersion) > BigInt(first.metadata.resourceVersion))
  assert.equal(second.items.length, PAGE)
  const third = await page(path, second.metadata.continue)
  assert.equal(third.metadata.resourceVersion, second.metadata.resourceVersion)
  assert.equal(third.items.length, OBJECTS - 1 - 2 * PAGE)
  assert.equal(third.metadata.continue, undefined)
})

test('a continue token that is no token, or comes with another version, is refused', async () => {
  const path = await podTemplates()
  await api.refused(400, 'BadRequest', 'GET', path, undefined, { query: { continue: 'nonsense' } })
  const { metadata } = await page(path)
  const query = { limit: '5', continue: metadata.continue, resourceVersion: metadata.resourceVersion }
  await api.refused(400, 'BadRequest', 'GET', path, undefined, { query })
})

test('tables come in chunks too', async () => {
  const path = await podTemplates()
  const first = (await api.send('GET', path, undefined, { headers: TABLE, query: { limit: String(PAGE) } }))
    .body
  assert.equal(first.rows.length, PAGE)
  assert.equal(first.metadata.remainingItemCount, OBJECTS - PAGE)
  const query = { limit: '100', continue: first.metadata.continue }
  const rest = (await api.send('GET', path, undefined, { headers: TABLE, query })).body
  assert.equal(rest.rows.length, OBJECTS - PAGE)
})

test('a table of pods has the columns people know, and each row its metadata', async () => {
  const namespace = await api.namespace()
  const path = `/api/v1/namespaces/${namespace}/pods`
  await api.create(path, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'image' }] } })
  const { body } = await api.send('GET', `${path}/p`, undefined, { headers: TABLE })
  const names = body.columnDefinitions.map(({ name }: Json) => name)
  assert.deepEqual(names.slice(0, 5), ['Name', 'Ready', 'Status', 'Restarts', 'Age'])
  assert.equal(body.columnDefinitions[0].format, 'name')
  assert.deepEqual(body.rows[0].cells.slice(0, 4), ['p', '0/1', 'Pending', '0'])
  assert.equal(body.rows[0].object.kind, 'PartialObjectMetadata')
  assert.equal(body.rows[0].object.metadata.name, 'p')
})

test('a table of a custom kind has its columns or name and age', async () => {
  const kind = await define(api)
  const namespace = await api.namespace()
  await api.create(kind.namespaced(namespace), {
    apiVersion: kind.apiVersion(),
    kind: 'Foo',
    metadata: { name: 'f' },
  })
  const { body } = await api.send('GET', kind.namespaced(namespace), undefined, { headers: TABLE })
  assert.deepEqual(
    body.columnDefinitions.map(({ name }: Json) => name),
    ['Name', 'Age'],
  )
  assert.equal(body.rows[0].cells[0], 'f')
})

test('a list across namespaces finds by label and by field', async () => {
  const [one, two] = [await api.namespace(), await api.namespace()]
  const labels = { list: one }
  for (const namespace of [one, two]) {
    await api.create(`/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name: 'same', labels } })
  }
  const found = await api.get('/api/v1/configmaps', { labelSelector: `list in (${one}),!absent` })
  assert.deepEqual(found.items.map((item: Json) => item.metadata.namespace).sort(), [one, two].sort())
  const narrowed = await api.get('/api/v1/configmaps', {
    labelSelector: `list=${one}`,
    fieldSelector: `metadata.namespace=${two}`,
  })
  assert.equal(narrowed.items.length, 1)
})
