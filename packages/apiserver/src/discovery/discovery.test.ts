import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeProtobuf } from '@brume/api/codec/protobuf'

import { schemaFor } from '@brume/api/schema/compile'
import { StatusError } from '@brume/base/errors'
import { definitionsOf } from '../crd/definitions.ts'
import { cronTabCrd } from '../crd/testing.ts'
import type { ApiRequest, ApiResponse, PathHandler } from '../http/types.ts'
import { ResourceRegistry } from '../registry/resources.ts'
import { createDiscovery } from './discovery.ts'
import { someDefinitions } from './testing.ts'

const V2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
const V2BETA1 = 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList'

function setUp() {
  const registry = new ResourceRegistry(someDefinitions())
  return { registry, discovery: createDiscovery({ registry, serverAddress: () => '10.0.0.1:6443' }) }
}

function get(handler: PathHandler, path: string, headers: Record<string, string> = {}): ApiResponse {
  const request = { method: 'GET', path, headers, query: new URLSearchParams() } as unknown as ApiRequest
  return handler(request) as ApiResponse
}

// biome-ignore lint/suspicious/noExplicitAny: a document under test
function json(response: ApiResponse): any {
  return JSON.parse(String(response.body))
}

test('the plain form lists versions, groups and resources', () => {
  const { discovery } = setUp()
  assert.deepEqual(json(get(discovery.api, '/api')), {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '10.0.0.1:6443' }],
  })
  const apps = { groupVersion: 'apps/v1', version: 'v1' }
  const groups = json(get(discovery.apis, '/apis')).groups as { name: string }[]
  assert.deepEqual(
    groups.find((g) => g.name === 'apps'),
    { name: 'apps', versions: [apps], preferredVersion: apps },
  )
  assert.equal(json(get(discovery.group, '/apis/apps')).kind, 'APIGroup')
  const list = json(get(discovery.groupVersion, '/apis/apps/v1'))
  assert.equal(list.groupVersion, 'apps/v1')
  const names = list.resources.map((r: { name: string }) => r.name)
  assert.deepEqual(names.slice(names.indexOf('deployments'), names.indexOf('deployments') + 3), [
    'deployments',
    'deployments/scale',
    'deployments/status',
  ])
  assert.deepEqual(list.resources[names.indexOf('deployments/scale')], {
    name: 'deployments/scale',
    singularName: '',
    namespaced: true,
    group: 'autoscaling',
    version: 'v1',
    kind: 'Scale',
    verbs: ['get', 'patch', 'update'],
  })
  const pods = json(get(discovery.coreV1, '/api/v1')).resources.find(
    (r: { name: string }) => r.name === 'pods',
  )
  assert.equal(pods.storageVersionHash, 'xPOwRZ+Yhw8=')
  assert.equal(pods.singularName, 'pod')
})

test('kubectl gets the aggregated form that it prefers', () => {
  const { discovery } = setUp()
  const accept = `${V2},${V2BETA1},application/json`
  const response = get(discovery.apis, '/apis', { accept })
  assert.equal(response.headers['content-type'], V2)
  assert.equal(response.headers['vary'], 'Accept')
  const list = json(response)
  assert.equal(list.apiVersion, 'apidiscovery.k8s.io/v2')
  const apps = list.items.find((i: { metadata: { name: string } }) => i.metadata.name === 'apps')
  const deployments = apps.versions[0].resources.find(
    (r: { resource: string }) => r.resource === 'deployments',
  )
  assert.deepEqual(deployments.responseKind, { group: 'apps', version: 'v1', kind: 'Deployment' })
  assert.deepEqual(
    deployments.subresources.map((s: { subresource: string }) => s.subresource),
    ['scale', 'status'],
  )
  assert.equal(get(discovery.apis, '/apis', { accept: V2BETA1 }).headers['content-type'], V2BETA1)
  const core = json(get(discovery.api, '/api', { accept }))
  assert.deepEqual(core.items[0].metadata, { creationTimestamp: null })
  assert.equal(core.items.length, 1)
  assert.equal(
    get(discovery.apis, '/apis', { accept: `${V2};q=0.1,application/json` }).headers['content-type'],
    'application/json',
  )
})

test('an unchanged aggregated document is not sent again', () => {
  const { discovery, registry } = setUp()
  const first = get(discovery.apis, '/apis', { accept: V2 })
  const etag = first.headers['etag'] as string
  assert.equal(get(discovery.apis, '/apis', { accept: V2, 'if-none-match': etag }).status, 304)
  registry.setDynamic('crontabs.example.com', definitionsOf(cronTabCrd()))
  const second = get(discovery.apis, '/apis', { accept: V2, 'if-none-match': etag })
  assert.equal(second.status, 200)
  assert.match(String(second.body), /crontabs/)
  registry.setDynamic('crontabs.example.com', [])
  assert.equal(get(discovery.apis, '/apis', { accept: V2, 'if-none-match': etag }).status, 304)
})

test('a CRD is seen by the next request and gone with the one after its deletion', () => {
  const { discovery, registry } = setUp()
  const list = () => json(get(discovery.groupVersion, '/apis/example.com/v1'))
  assert.throws(list, (e: unknown) => e instanceof StatusError && e.reason === 'NotFound')
  registry.setDynamic('crontabs.example.com', definitionsOf(cronTabCrd()))
  assert.deepEqual(
    list().resources.map((r: { name: string }) => r.name),
    ['crontabs', 'crontabs/scale', 'crontabs/status'],
  )
  registry.setDynamic('crontabs.example.com', [])
  assert.throws(list)
})

test('group versions of other servers are told among our own', () => {
  const registry = new ResourceRegistry(someDefinitions())
  const foreign = {
    generation: 0,
    versions: () => [
      { group: 'metrics.example.org', version: 'v1', resources: [{ resource: 'loads' }] },
      { group: 'apps', version: 'v1beta1', resources: [] },
    ],
  }
  const discovery = createDiscovery({ registry, serverAddress: () => '', foreign })
  assert.equal(json(get(discovery.group, '/apis/metrics.example.org')).preferredVersion.version, 'v1')
  assert.deepEqual(
    json(get(discovery.group, '/apis/apps')).versions.map((v: { version: string }) => v.version),
    ['v1', 'v1beta1'],
  )
  const { items } = json(get(discovery.apis, '/apis', { accept: V2 }))
  assert.deepEqual(items.at(-1).versions[0].resources, [{ resource: 'loads' }])
  foreign.versions = () => []
  foreign.generation++
  assert.throws(() => get(discovery.group, '/apis/metrics.example.org'))
})

test('protobuf says the same as JSON', () => {
  const { discovery } = setUp()
  const pb = (handler: PathHandler, path: string, type: string, params = '') => {
    const { body } = get(handler, path, { accept: `application/vnd.kubernetes.protobuf${params}` })
    return decodeProtobuf(body as Buffer, () => schemaFor(type))
  }
  const resources = pb(
    discovery.groupVersion,
    '/apis/apps/v1',
    'io.k8s.apimachinery.pkg.apis.meta.v1.APIResourceList',
  )
  assert.deepEqual(resources['resources'], json(get(discovery.groupVersion, '/apis/apps/v1')).resources)
  const params = ';g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
  const list = pb(discovery.apis, '/apis', 'io.k8s.api.apidiscovery.v2.APIGroupDiscoveryList', params)
  assert.deepEqual(list['items'], json(get(discovery.apis, '/apis', { accept: V2 })).items)
  assert.equal(
    pb(discovery.api, '/api', 'io.k8s.apimachinery.pkg.apis.meta.v1.APIVersions').kind,
    'APIVersions',
  )
})

test('refuses other methods and unknown media types', () => {
  const { discovery } = setUp()
  assert.throws(
    () => get(discovery.apis, '/apis', { accept: 'text/html' }),
    (e: unknown) => e instanceof StatusError && e.code === 406,
  )
  const post = { method: 'POST', path: '/apis', headers: {} } as unknown as ApiRequest
  assert.throws(
    () => discovery.apis(post),
    (e: unknown) => e instanceof StatusError && e.code === 405,
  )
})
