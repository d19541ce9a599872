// Conformance: custom kinds in the published OpenAPI documents, in every shape of schema, and after every change.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '@brume/testkit/eventually'
import { conformanceApi, type Json } from './api.ts'
import {
  ANYTHING,
  CRDS,
  type CustomKind,
  customKind,
  define,
  definitionOf,
  established,
  OBJECT,
  undefine,
  version,
} from './custom.ts'

const api = conformanceApi()

const definitionName = ({ group, kind }: CustomKind, served = 'v1') =>
  `${group.split('.').reverse().join('.')}.${served}.${kind}`

/** The kind's definition in the OpenAPI v2 document; undefined while it is not there. */
async function v2(kind: CustomKind, served = 'v1'): Promise<Json> {
  return (await api.get('/openapi/v2')).definitions[definitionName(kind, served)]
}

async function v3(kind: CustomKind, served = 'v1'): Promise<Json> {
  const { paths } = await api.get('/openapi/v3')
  const place = paths[`apis/${kind.group}/${served}`]
  if (place === undefined) return undefined
  const [path, query] = place.serverRelativeURL.split('?')
  const document = await api.get(path, Object.fromEntries(new URLSearchParams(query)))
  return document.components.schemas[definitionName(kind, served)]
}

const published = async (kind: CustomKind, served = 'v1'): Promise<{ v2: Json; v3: Json }> =>
  eventually(`${definitionName(kind, served)} is published`, async () => {
    const found = { v2: await v2(kind, served), v3: await v3(kind, served) }
    return found.v2 !== undefined && found.v3 !== undefined ? found : undefined
  })

const unpublished = (kind: CustomKind, served = 'v1') =>
  eventually(`${definitionName(kind, served)} is not published`, async () => {
    return (await v2(kind, served)) === undefined && (await v3(kind, served)) === undefined
  })

const NESTED = {
  type: 'object',
  description: 'Foo CRD for Testing',
  properties: {
    spec: {
      type: 'object',
      description: 'Specification of Foo',
      properties: {
        bars: {
          type: 'array',
          description: 'List of Bars and their specs.',
          items: {
            type: 'object',
            required: ['name'],
            properties: {
              name: { type: 'string', description: 'Name of Bar.' },
              age: { type: 'string', description: 'Age of Bar.' },
              feeling: { type: 'string', enum: ['Great', 'Down'] },
            },
          },
        },
      },
    },
    status: { type: 'object', description: 'Status of Foo' },
  },
}

test('a validation schema is published whole, with what every object has', async () => {
  const kind = await define(api, { schema: NESTED })
  for (const schema of Object.values(await published(kind))) {
    assert.equal(schema.description, 'Foo CRD for Testing')
    assert.deepEqual(schema['x-kubernetes-group-version-kind'], [
      { group: kind.group, kind: 'Foo', version: 'v1' },
    ])
    assert.ok(schema.properties.apiVersion && schema.properties.kind && schema.properties.metadata)
    const { bars } = schema.properties.spec.properties
    assert.deepEqual(bars.items.required, ['name'])
    assert.equal(bars.items.properties.name.description, 'Name of Bar.')
    assert.deepEqual(bars.items.properties.feeling.enum, ['Great', 'Down'])
  }
})

test('a schema of nothing but unknown fields is published as an object of its kind', async () => {
  const kind = await define(api, { schema: ANYTHING })
  const documents = await published(kind)
  for (const schema of Object.values(documents)) {
    assert.equal(schema.type, 'object')
    assert.equal(schema['x-kubernetes-group-version-kind'][0].kind, 'Foo')
  }
  assert.equal(documents.v3['x-kubernetes-preserve-unknown-fields'], true)
  assert.ok(documents.v3.properties.metadata)
})

test('a schema without any field is published with what every object has', async () => {
  const kind = await define(api, { schema: OBJECT })
  for (const schema of Object.values(await published(kind))) {
    assert.deepEqual(Object.keys(schema.properties).sort(), ['apiVersion', 'kind', 'metadata'])
  }
})

test('unknown fields at the root are left to themselves beside those that are known', async () => {
  const schema = {
    ...ANYTHING,
    properties: { spec: { type: 'object', properties: { field: { type: 'string' } } } },
  }
  const kind = await define(api, { schema })
  const { v2, v3 } = await published(kind)
  assert.equal(v3['x-kubernetes-preserve-unknown-fields'], true)
  assert.equal(v3.properties.spec.properties.field.type, 'string')
  // Clients that validate by v2 know no such mark: what they do not see they cannot refuse.
  assert.equal(v2.properties, undefined)
  const path = kind.namespaced(await api.namespace())
  const body = { apiVersion: kind.apiVersion(), kind: 'Foo', metadata: { name: 'f' }, a: { b: 1 } }
  assert.deepEqual((await api.create(path, body, { fieldValidation: 'Strict' })).a, { b: 1 })
})

test('unknown fields of a nested and of an embedded object are left to themselves', async () => {
  const nested = { type: 'object', properties: { spec: { ...ANYTHING, description: 'anything' } } }
  const embedded = {
    type: 'object',
    properties: { spec: { ...ANYTHING, 'x-kubernetes-embedded-resource': true } },
  }
  for (const schema of [nested, embedded]) {
    const { v2, v3 } = await published(await define(api, { schema }))
    for (const { properties } of [v2, v3]) {
      assert.equal(properties.spec['x-kubernetes-preserve-unknown-fields'], true)
    }
    assert.equal(v3.properties.spec.type, 'object')
    assert.equal(v2.properties.spec.properties, undefined)
  }
})

test('an embedded object without unknown fields has what every object has', async () => {
  const spec = {
    type: 'object',
    properties: { a: { type: 'string' } },
    'x-kubernetes-embedded-resource': true,
  }
  const { v2, v3 } = await published(await define(api, { schema: { type: 'object', properties: { spec } } }))
  for (const { properties } of [v2, v3]) {
    assert.deepEqual(Object.keys(properties.spec.properties).sort(), ['a', 'apiVersion', 'kind', 'metadata'])
    assert.deepEqual(properties.spec.required.sort(), ['apiVersion', 'kind'])
  }
})

test('marks that only Kubernetes knows are published, those that v2 cannot say only in v3', async () => {
  const schema = {
    type: 'object',
    properties: {
      port: { 'x-kubernetes-int-or-string': true },
      list: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
      },
      maybe: { type: 'string', nullable: true, default: 'x' },
    },
  }
  const { v2, v3 } = await published(await define(api, { schema }))
  for (const { properties } of [v2, v3]) {
    assert.equal(properties.port['x-kubernetes-int-or-string'], true)
    assert.deepEqual(properties.list['x-kubernetes-list-map-keys'], ['name'])
  }
  assert.deepEqual([v3.properties.maybe.nullable, v3.properties.maybe.default], [true, 'x'])
  assert.equal(v2.properties.maybe.nullable, undefined)
})

test('kinds of several groups, versions of one group, and kinds of one version are all there', async () => {
  const [one, two] = [await define(api, { schema: NESTED }), await define(api, { schema: NESTED })]
  await published(one)
  await published(two)
  const twin = customKind({ group: one.group, plural: 'bars', kind: 'Bar' })
  const other = customKind({ group: one.group, plural: 'bazs', kind: 'Baz' })
  await api.create(CRDS, definitionOf(twin, { schema: NESTED }))
  await api.create(
    CRDS,
    definitionOf(other, { versions: [version('v4', NESTED), version('v5', NESTED, { storage: false })] }),
  )
  await established(api, twin)
  await established(api, other)
  for (const [kind, served] of [
    [one, 'v1'],
    [twin, 'v1'],
    [other, 'v4'],
    [other, 'v5'],
  ] as const)
    await published(kind, served)
})

test('a version that is renamed is published under its new name, and the rest is not touched', async () => {
  const kind = await define(api, {
    versions: [version('v2', NESTED), version('v3', OBJECT, { storage: false })],
  })
  await published(kind, 'v3')
  const untouched = (await published(kind, 'v2')).v2
  await api.patch(
    `${CRDS}/${kind.name}`,
    [
      { op: 'test', path: '/spec/versions/1/name', value: 'v3' },
      { op: 'replace', path: '/spec/versions/1/name', value: 'v4' },
    ],
    'json',
  )
  await published(kind, 'v4')
  await unpublished(kind, 'v3')
  assert.deepEqual(await v2(kind, 'v2'), untouched)
})

test('a version that is no longer served is no longer published', async () => {
  const kind = await define(api, {
    versions: [version('v5', NESTED), version('v6alpha1', NESTED, { storage: false })],
  })
  await published(kind, 'v6alpha1')
  await api.patch(
    `${CRDS}/${kind.name}`,
    [{ op: 'replace', path: '/spec/versions/1/served', value: false }],
    'json',
  )
  await unpublished(kind, 'v6alpha1')
  await published(kind, 'v5')
})

test('a deleted kind is no longer published', async () => {
  const kind = await define(api, { schema: NESTED })
  await published(kind)
  await undefine(api, kind)
  await unpublished(kind)
})

test('a changed schema has another hash in the index of v3, and the old address leads to the new one', async () => {
  const kind = await define(api, { schema: OBJECT })
  await published(kind)
  const address = async () =>
    (await api.get('/openapi/v3')).paths[`apis/${kind.apiVersion()}`].serverRelativeURL
  const before = await address()
  await api.patch(
    `${CRDS}/${kind.name}`,
    [{ op: 'replace', path: '/spec/versions/0/schema/openAPIV3Schema', value: NESTED }],
    'json',
  )
  await eventually('another hash', async () => (await address()) !== before)
  const [path, query] = before.split('?')
  const stale = await api.send('GET', path, undefined, {
    query: Object.fromEntries(new URLSearchParams(query)),
  })
  assert.equal(stale.status, 301)
})
