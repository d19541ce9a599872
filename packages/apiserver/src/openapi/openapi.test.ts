import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtinResources } from '@brume/api/kinds/builtin'
import { StatusError } from '@brume/base/errors'
import { definitionsOf } from '../crd/definitions.ts'
import { cronTabCrd } from '../crd/testing.ts'
import { someDefinitions } from '../discovery/testing.ts'
import type { ApiRequest, ApiResponse, PathHandler } from '../http/types.ts'
import { ResourceRegistry } from '../registry/resources.ts'
import { createOpenApiV2 } from './v2.ts'
import { createOpenApiV3 } from './v3.ts'

const PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'
const GVK = 'x-kubernetes-group-version-kind'

function setUp() {
  const registry = new ResourceRegistry(someDefinitions())
  const parts = { registry, version: 'v1.32.0' }
  return { registry, v3: createOpenApiV3(parts), v2: createOpenApiV2(parts) }
}

function get(handler: PathHandler, url: string, headers: Record<string, string> = {}): ApiResponse {
  const { pathname, searchParams } = new URL(url, 'http://x')
  return handler({
    method: 'GET',
    path: pathname,
    query: searchParams,
    headers,
  } as unknown as ApiRequest) as ApiResponse
}

// biome-ignore lint/suspicious/noExplicitAny: a document under test
const json = (response: ApiResponse): any => JSON.parse(String(response.body))

/** Every $ref of a document, as a path of names. */
function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  const own = (value as { $ref?: unknown }).$ref
  return [...(typeof own === 'string' ? [own] : []), ...Object.values(value).flatMap(referencesIn)]
}

test('the index leads to documents that may be kept for good', () => {
  const { v3 } = setUp()
  const index = json(get(v3.index, '/openapi/v3'))
  assert.deepEqual(Object.keys(index.paths), ['api/v1', 'apis/apps/v1'])
  const url = index.paths['apis/apps/v1'].serverRelativeURL
  const response = get(v3.document, url)
  assert.match(String(response.headers['cache-control']), /immutable/)
  const moved = get(v3.document, '/openapi/v3/apis/apps/v1?hash=OLD')
  assert.equal(moved.status, 301)
  assert.equal(moved.headers['location'], url)
  const etag = response.headers['etag'] as string
  assert.equal(get(v3.document, '/openapi/v3/apis/apps/v1', { 'if-none-match': etag }).status, 304)
})

test('every reference of every document is answered in it, and every operation has its own id', () => {
  const registry = new ResourceRegistry(builtinResources())
  registry.setDynamic('crontabs.example.com', definitionsOf(cronTabCrd()))
  const parts = { registry, version: 'v1.32.0' }
  const v3 = createOpenApiV3(parts)
  const ids: string[] = []
  for (const path of Object.keys(json(get(v3.index, '/openapi/v3')).paths)) {
    const document = json(get(v3.document, `/openapi/v3/${path}`))
    const known = new Set(Object.keys(document.components.schemas).map((n) => `#/components/schemas/${n}`))
    assert.deepEqual(
      referencesIn(document).filter((ref) => !known.has(ref)),
      [],
      path,
    )
    for (const item of Object.values<Record<string, { operationId?: string }>>(document.paths)) {
      for (const { operationId } of Object.values(item)) if (operationId !== undefined) ids.push(operationId)
    }
  }
  assert.deepEqual(
    ids.filter((id, i) => ids.indexOf(id) !== i),
    [],
  )
  const swagger = json(get(createOpenApiV2(parts), '/openapi/v2'))
  const known = new Set(Object.keys(swagger.definitions).map((n) => `#/definitions/${n}`))
  assert.deepEqual(
    referencesIn(swagger).filter((ref) => !known.has(ref)),
    [],
  )
})

test('every kind has a description of its own', () => {
  const registry = new ResourceRegistry(builtinResources())
  const swagger = json(get(createOpenApiV2({ registry, version: 'v1.32.0' }), '/openapi/v2'))
  for (const { schema, kind } of registry.all()) {
    assert.match(swagger.definitions[schema.name!].description, /\w+ \w+ \w+.*\./, kind)
  }
})

test('a kind has what explain, apply and the strategic merge need', () => {
  const { v3 } = setUp()
  const { paths, components } = json(get(v3.document, '/openapi/v3/apis/apps/v1'))
  const item = paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']
  assert.deepEqual(item.get[GVK], { group: 'apps', version: 'v1', kind: 'Deployment' })
  assert.deepEqual(Object.keys(item.patch.requestBody.content), [
    'application/json-patch+json',
    'application/merge-patch+json',
    'application/strategic-merge-patch+json',
    'application/apply-patch+yaml',
  ])
  const names = item.patch.parameters.map((p: { name: string }) => p.name)
  assert.ok(['dryRun', 'fieldValidation', 'fieldManager', 'force'].every((name) => names.includes(name)))
  assert.equal(item.patch['x-kubernetes-action'], 'patch')
  assert.ok(paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale'].put)
  assert.ok(paths['/apis/apps/v1/deployments'].get)
  const { schemas } = components
  assert.deepEqual(schemas['io.k8s.api.apps.v1.Deployment'][GVK], [
    { group: 'apps', kind: 'Deployment', version: 'v1' },
  ])
  assert.deepEqual(schemas['io.k8s.api.apps.v1.DeploymentSpec'].required, ['selector', 'template'])
  const { ports } = schemas['io.k8s.api.core.v1.Container'].properties
  assert.deepEqual(ports['x-kubernetes-list-map-keys'], ['containerPort', 'protocol'])
  assert.equal(ports['x-kubernetes-patch-merge-key'], 'containerPort')
  assert.equal(ports['x-kubernetes-patch-strategy'], 'merge')
  assert.equal(
    schemas['io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector']['x-kubernetes-map-type'],
    'atomic',
  )
  assert.ok(schemas['io.k8s.api.apps.v1.Deployment'].description.length > 20)
})

test('a custom kind is published as its author wrote it', () => {
  const { registry, v3 } = setUp()
  registry.setDynamic('crontabs.example.com', definitionsOf(cronTabCrd()))
  const { paths, components } = json(get(v3.document, '/openapi/v3/apis/example.com/v1'))
  const kind = components.schemas['com.example.v1.CronTab']
  assert.equal(kind.description, 'Runs something now and then.')
  assert.equal(kind.properties.spec.properties.replicas.default, 1)
  assert.deepEqual(kind.properties.spec.required, ['schedule'])
  assert.deepEqual(kind['x-kubernetes-selectable-fields'], [{ fieldPath: 'spec.schedule' }])
  assert.ok(kind.properties.spec.properties.template.properties.metadata)
  const types = Object.keys(
    paths['/apis/example.com/v1/namespaces/{namespace}/crontabs/{name}'].patch.requestBody.content,
  )
  assert.equal(types.includes('application/strategic-merge-patch+json'), false)
})

test('what swagger cannot say is left free', () => {
  const { registry, v2 } = setUp()
  registry.setDynamic('crontabs.example.com', definitionsOf(cronTabCrd()))
  const { properties } = json(get(v2, '/openapi/v2')).definitions['com.example.v1.CronTab'].properties.spec
  assert.deepEqual(properties.note, {})
  assert.deepEqual(properties.port, { 'x-kubernetes-int-or-string': true })
  assert.deepEqual(properties.free, { 'x-kubernetes-preserve-unknown-fields': true })
  assert.deepEqual(properties.replicas, { type: 'integer', minimum: 0 })
})

test('a CRD changes its own document and the index, and nothing else', () => {
  const { registry, v3, v2 } = setUp()
  const before = json(get(v3.index, '/openapi/v3'))
  const body = get(v3.document, '/openapi/v3/apis/apps/v1').body
  const swagger = get(v2, '/openapi/v2').headers['etag']
  registry.setDynamic('crontabs.example.com', definitionsOf(cronTabCrd()))
  const after = json(get(v3.index, '/openapi/v3'))
  assert.ok(after.paths['apis/example.com/v1'])
  assert.deepEqual(after.paths['apis/apps/v1'], before.paths['apis/apps/v1'])
  assert.equal(get(v3.document, '/openapi/v3/apis/apps/v1').body, body)
  assert.notEqual(get(v2, '/openapi/v2').headers['etag'], swagger)
  registry.setDynamic('crontabs.example.com', [])
  assert.deepEqual(json(get(v3.index, '/openapi/v3')), before)
  assert.equal(get(v2, '/openapi/v2').headers['etag'], swagger)
  assert.throws(
    () => get(v3.document, '/openapi/v3/apis/example.com/v1'),
    (e: unknown) => e instanceof StatusError && e.code === 404,
  )
})

test('clients that want another media type are told', () => {
  const { v3, v2 } = setUp()
  const accept = 'application/vnd.kubernetes.protobuf'
  for (const [handler, path] of [
    [v3.document, '/openapi/v3/api/v1'],
    [v2, '/openapi/v2'],
  ] as const) {
    assert.throws(
      () => get(handler, path, { accept }),
      (e: unknown) => e instanceof StatusError && e.code === 406,
    )
  }
  assert.equal(get(v3.document, '/openapi/v3/api/v1', { accept: `${accept}, application/json` }).status, 200)
  assert.equal(get(v2, '/openapi/v2', { accept: '*/*' }).headers['content-type'], 'application/json')
})

test('the protobuf form names the same paths and definitions as the JSON', () => {
  const { registry, v2 } = setUp()
  registry.setDynamic('crontabs.example.com', definitionsOf(cronTabCrd()))
  const swagger = json(get(v2, '/openapi/v2'))
  const response = get(v2, '/openapi/v2', { accept: PROTOBUF })
  assert.equal(response.headers['content-type'], 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf')
  const document = fieldsOf(response.body as Buffer)
  assert.equal(String(document.get(1)![0]), '2.0')
  const names = (number: number, item: number) =>
    fieldsOf(document.get(number)![0]!)
      .get(item)!
      .map((entry) => String(fieldsOf(entry).get(1)![0]))
  assert.deepEqual(names(8, 2).sort(), Object.keys(swagger.paths).sort())
  assert.deepEqual(names(9, 1).sort(), Object.keys(swagger.definitions).sort())
})

/** Length-delimited fields of a message by number; other fields are skipped. */
function fieldsOf(bytes: Buffer): Map<number, Buffer[]> {
  const fields = new Map<number, Buffer[]>()
  let at = 0
  const varint = () => {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++]!
      value += (byte & 127) * shift
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    if ((tag & 7) === 0) varint()
    else if ((tag & 7) === 1) at += 8
    else {
      assert.equal(tag & 7, 2, 'a wire type that is used here')
      const length = varint()
      const list = fields.get(tag >>> 3) ?? []
      fields.set(tag >>> 3, [...list, bytes.subarray(at, at + length)])
      at += length
    }
  }
  return fields
}
