// Conformance: custom resource definitions as objects, and what they make of their resources: defaults, status, scale,
// fields to select by, several versions.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '@brume/testkit/eventually'
import { conformanceApi, type Json, unique } from './api.ts'
import {
  ANYTHING,
  CRDS,
  type CustomKind,
  customKind,
  define,
  definitionOf,
  established,
  undefine,
  version,
} from './custom.ts'

const api = conformanceApi()

const custom = (kind: CustomKind, name: string, more: object = {}, served = 'v1') => ({
  apiVersion: kind.apiVersion(served),
  kind: kind.kind,
  metadata: { name },
  ...more,
})

test('a definition is created, established and deleted', async () => {
  const kind = await define(api)
  const definition = await api.get(`${CRDS}/${kind.name}`)
  assert.deepEqual(definition.status.acceptedNames, {
    plural: 'foos',
    singular: 'foo',
    kind: 'Foo',
    listKind: 'FooList',
  })
  assert.deepEqual(definition.status.storedVersions, ['v1'])
  assert.equal(definition.spec.conversion.strategy, 'None')
  await undefine(api, kind)
  await api.refused(404, 'NotFound', 'GET', `${kind.path()}`)
})

test('deleting a definition deletes its objects', async () => {
  const kind = await define(api)
  const namespace = await api.namespace()
  await api.create(kind.namespaced(namespace), custom(kind, 'one'))
  const watch = api.watch(kind.namespaced(namespace))
  await watch.count(1)
  await undefine(api, kind)
  await watch.saw('the deletion', ({ type }) => type === 'DELETED')
})

test('definitions are listed and deleted by label', async () => {
  const label = unique('crd')
  const kinds = Array.from({ length: 10 }, () => customKind())
  await Promise.all(kinds.map((kind) => api.create(CRDS, definitionOf(kind, { labels: { set: label } }))))
  const bystander = await define(api, { labels: { set: 'other' } })
  const selector = { labelSelector: `set=${label}` }
  assert.equal((await api.get(CRDS, selector)).items.length, 10)
  await api.delete(CRDS, undefined, selector)
  await eventually('all ten are gone', async () => (await api.get(CRDS, selector)).items.length === 0)
  await api.get(`${CRDS}/${bystander.name}`)
})

test('a watch of a custom kind sees creations, changes and deletions', async () => {
  const kind = await define(api, { spec: { scope: 'Cluster' } })
  const watch = (name: string) => api.watch(kind.path(), { fieldSelector: `metadata.name=${name}` })
  const [a, b] = [watch('a'), watch('b')]
  await api.create(kind.path(), custom(kind, 'a'))
  await api.create(kind.path(), custom(kind, 'b'))
  for (const name of ['a', 'b']) await api.patch(`${kind.path()}/${name}`, { data: { n: 1 } })
  for (const name of ['a', 'b']) await api.delete(`${kind.path()}/${name}`)
  for (const [seen, name] of [
    [a, 'a'],
    [b, 'b'],
  ] as const) {
    const events = await seen.count(3)
    assert.deepEqual(
      events.map(({ type, object }) => `${type} ${object.metadata.name}`),
      [`ADDED ${name}`, `MODIFIED ${name}`, `DELETED ${name}`],
    )
  }
})

test('the status of a definition is read, replaced and patched', async () => {
  const kind = await define(api)
  const path = `${CRDS}/${kind.name}/status`
  assert.equal((await api.get(path)).metadata.name, kind.name)
  const condition = (type: string) => ({ type, status: 'True', reason: 'E2E', message: 'by a client' })
  const replaced = await api.edit(path, ({ status }) => {
    status.conditions.push(condition('StatusUpdate'))
  })
  const types = (definition: Json) => definition.status.conditions.map(({ type }: Json) => type)
  assert.ok(types(replaced).includes('StatusUpdate'))
  const patched = await api.patch(path, {
    status: { conditions: [...replaced.status.conditions, condition('StatusPatch')] },
  })
  assert.ok(types(patched).includes('StatusPatch'))
  assert.ok(types(await api.get(`${CRDS}/${kind.name}`)).includes('StatusPatch'))
})

test('a definition without defaults gets them later, for requests and for what is stored', async () => {
  const property = (fallback?: string) => ({
    type: 'string',
    ...(fallback === undefined ? {} : { default: fallback }),
  })
  const schema = (a: object, b: object) => ({ type: 'object', properties: { a, b } })
  const kind = await define(api, { spec: { scope: 'Cluster' }, schema: schema(property(), property()) })
  const first = await api.create(kind.path(), custom(kind, 'first'))
  assert.equal(first.a, undefined)
  const redefine = (a: object, b: object) =>
    api.patch(
      `${CRDS}/${kind.name}`,
      [{ op: 'replace', path: '/spec/versions/0/schema/openAPIV3Schema', value: schema(a, b) }],
      'json',
    )
  await redefine(property('A'), property())
  await eventually(
    'the stored object shows the default',
    async () => (await api.get(`${kind.path()}/first`)).a === 'A',
  )
  assert.equal((await api.create(kind.path(), custom(kind, 'second'))).a, 'A')
  await redefine(property(), property('B'))
  const second = await eventually('the new default', async () => {
    const object = await api.get(`${kind.path()}/second`)
    return object.b === 'B' ? object : undefined
  })
  assert.equal(second.a, 'A', 'an old default that was stored stays')
  assert.equal((await api.get(`${kind.path()}/first`)).a, undefined, 'one that never was stored goes')
})

test('status and scale of a custom kind are endpoints of their own', async () => {
  const schema = {
    type: 'object',
    properties: {
      spec: { type: 'object', properties: { replicas: { type: 'integer' }, selector: { type: 'string' } } },
      status: { type: 'object', properties: { replicas: { type: 'integer' }, selector: { type: 'string' } } },
    },
  }
  const scale = {
    specReplicasPath: '.spec.replicas',
    statusReplicasPath: '.status.replicas',
    labelSelectorPath: '.status.selector',
  }
  const kind = await define(api, {
    versions: [version('v1', schema, { subresources: { status: {}, scale } })],
  })
  const path = kind.namespaced(await api.namespace())
  const created = await api.create(
    path,
    custom(kind, 's', { spec: { replicas: 3 }, status: { replicas: 9 } }),
  )
  assert.equal(created.status, undefined)
  assert.equal(created.metadata.generation, 1)
  const patched = await api.patch(`${path}/s/status`, {
    spec: { replicas: 8 },
    status: { replicas: 2, selector: 'a=b' },
  })
  assert.deepEqual([patched.spec.replicas, patched.status.replicas, patched.metadata.generation], [3, 2, 1])
  const read = await api.get(`${path}/s/scale`)
  assert.equal(read.kind, 'Scale')
  assert.deepEqual([read.spec.replicas, read.status.replicas, read.status.selector], [3, 2, 'a=b'])
  read.spec.replicas = 5
  assert.equal((await api.replace(`${path}/s/scale`, read)).spec.replicas, 5)
  const after = await api.patch(`${path}/s/scale`, { spec: { replicas: 6 } })
  assert.equal(after.spec.replicas, 6)
  const object = await api.get(`${path}/s`)
  assert.deepEqual([object.spec.replicas, object.metadata.generation, object.status.replicas], [6, 3, 2])
})

test('custom kinds are selected by the fields their definition names', async () => {
  const schema = {
    type: 'object',
    properties: {
      spec: { type: 'object', properties: { color: { type: 'string' }, size: { type: 'integer' } } },
    },
  }
  const selectableFields = [{ jsonPath: '.spec.color' }, { jsonPath: '.spec.size' }]
  const kind = await define(api, { versions: [version('v1', schema, { selectableFields })] })
  const path = kind.namespaced(await api.namespace())
  const watch = api.watch(path, { fieldSelector: 'spec.color=blue' })
  await api.create(path, custom(kind, 'red', { spec: { color: 'red', size: 1 } }))
  await api.create(path, custom(kind, 'blue', { spec: { color: 'blue', size: 1 } }))
  await api.create(path, custom(kind, 'plain'))
  const found = async (fieldSelector: string) =>
    (await api.get(path, { fieldSelector })).items.map(({ metadata }: Json) => metadata.name)
  assert.deepEqual(await found('spec.color=blue'), ['blue'])
  assert.deepEqual(await found('spec.color!=blue,spec.size=1'), ['red'])
  assert.deepEqual(await found('spec.color='), ['plain'])
  await api.patch(`${path}/blue`, { spec: { color: 'green' } })
  const events = await watch.count(2)
  assert.deepEqual(
    events.map(({ type, object }) => `${type} ${object.metadata.name}`),
    ['ADDED blue', 'DELETED blue'],
  )
  await api.refused(400, 'BadRequest', 'GET', path, undefined, { query: { fieldSelector: 'spec.weight=1' } })
  await api.delete(path, undefined, { fieldSelector: 'spec.color=red' })
  assert.deepEqual(await found('spec.size=1'), ['blue'])
})

test('an object is served in every version, and kept when the stored version changes', async () => {
  const versions = [version('v1', ANYTHING), version('v2', ANYTHING, { storage: false })]
  const kind = await define(api, { versions })
  const namespace = await api.namespace()
  await api.create(kind.namespaced(namespace), custom(kind, 'old', { data: 'x' }))
  assert.equal((await api.get(`${kind.namespaced(namespace, 'v2')}/old`)).apiVersion, kind.apiVersion('v2'))
  const moved = [version('v1', ANYTHING, { storage: false }), version('v2', ANYTHING)]
  await api.patch(`${CRDS}/${kind.name}`, { spec: { versions: moved } })
  await eventually('both versions are recorded as stored', async () => {
    const { status } = await established(api, kind)
    return status.storedVersions.includes('v2')
  })
  await api.create(kind.namespaced(namespace, 'v2'), custom(kind, 'new', {}, 'v2'))
  for (const served of ['v1', 'v2']) {
    const { items } = await api.get(kind.namespaced(namespace, served))
    assert.deepEqual(
      items.map(({ apiVersion, metadata }: Json) => [metadata.name, apiVersion]),
      [
        ['new', kind.apiVersion(served)],
        ['old', kind.apiVersion(served)],
      ],
    )
  }
  const patched = await api.patch(`${kind.namespaced(namespace, 'v2')}/old`, { data: 'y' })
  assert.equal(patched.data, 'y')
})

test('a definition that is no definition is refused with the field to mend', async () => {
  const kind = customKind()
  const refusal = async (shape: object) =>
    api.refused(422, 'Invalid', 'POST', CRDS, definitionOf(kind, shape))
  assert.match(
    await refusal({ schema: { type: 'object', properties: { a: {} } } }),
    /properties\[a\]\.type: Required/,
  )
  assert.match(await refusal({ spec: { names: { plural: 'bars', kind: 'Foo' } } }), /metadata\.name: Invalid/)
  assert.match(
    await refusal({ versions: [version('v1', ANYTHING, { storage: false })] }),
    /exactly one version/,
  )
})
