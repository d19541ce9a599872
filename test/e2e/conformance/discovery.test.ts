// Conformance: discovery, aggregated and by group, the server's version, and what cannot be printed as a table.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '@brume/testkit/eventually'
import { conformanceApi, type Json } from './api.ts'
import { CRDS, define, undefine } from './custom.ts'

const api = conformanceApi()

const AGGREGATED = (version: string) =>
  `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`
const V2 = AGGREGATED('v2')
const aggregated = async (path: string, accept = V2) => {
  const answer = await api.send('GET', path, undefined, { headers: { accept } })
  assert.equal(answer.status, 200, answer.text)
  return answer
}

/** What any Kubernetes 1.32 serves without options. */
const BUILT_IN: Record<string, readonly string[]> = {
  'admissionregistration.k8s.io/v1': ['mutatingwebhookconfigurations', 'validatingadmissionpolicies'],
  'apiextensions.k8s.io/v1': ['customresourcedefinitions'],
  'apiregistration.k8s.io/v1': ['apiservices'],
  'apps/v1': ['controllerrevisions', 'daemonsets', 'deployments', 'replicasets', 'statefulsets'],
  'authentication.k8s.io/v1': ['selfsubjectreviews', 'tokenreviews'],
  'authorization.k8s.io/v1': [
    'localsubjectaccessreviews',
    'selfsubjectaccessreviews',
    'subjectaccessreviews',
  ],
  'autoscaling/v1': ['horizontalpodautoscalers'],
  'autoscaling/v2': ['horizontalpodautoscalers'],
  'batch/v1': ['cronjobs', 'jobs'],
  'certificates.k8s.io/v1': ['certificatesigningrequests'],
  'coordination.k8s.io/v1': ['leases'],
  'discovery.k8s.io/v1': ['endpointslices'],
  'events.k8s.io/v1': ['events'],
  'flowcontrol.apiserver.k8s.io/v1': ['flowschemas', 'prioritylevelconfigurations'],
  'networking.k8s.io/v1': ['ingressclasses', 'ingresses', 'networkpolicies'],
  'node.k8s.io/v1': ['runtimeclasses'],
  'policy/v1': ['poddisruptionbudgets'],
  'rbac.authorization.k8s.io/v1': ['clusterrolebindings', 'clusterroles', 'rolebindings', 'roles'],
  'scheduling.k8s.io/v1': ['priorityclasses'],
  'storage.k8s.io/v1': [
    'csidrivers',
    'csinodes',
    'csistoragecapacities',
    'storageclasses',
    'volumeattachments',
  ],
}

const resourcesOf = (list: Json): Map<string, string[]> => {
  const found = new Map<string, string[]>()
  for (const { metadata, versions } of list.items) {
    for (const { version, resources } of versions) {
      const group = metadata.name ?? ''
      found.set(
        group === '' ? version : `${group}/${version}`,
        resources.map(({ resource }: Json) => resource),
      )
    }
  }
  return found
}

for (const version of ['v2', 'v2beta1']) {
  test(`aggregated discovery ${version} names every built-in group, version and resource`, async () => {
    const accept = AGGREGATED(version)
    const { body, headers } = await aggregated('/apis', accept)
    assert.equal(body.kind, 'APIGroupDiscoveryList')
    assert.equal(body.apiVersion, `apidiscovery.k8s.io/${version}`)
    assert.equal(headers['content-type'], accept)
    const found = resourcesOf(body)
    for (const [groupVersion, resources] of Object.entries(BUILT_IN)) {
      for (const resource of resources)
        assert.ok(found.get(groupVersion)?.includes(resource), `${resource}.${groupVersion}`)
    }
    const core = resourcesOf((await aggregated('/api', accept)).body)
    for (const resource of ['pods', 'services', 'namespaces', 'nodes'])
      assert.ok(core.get('v1')?.includes(resource), resource)
  })
}

test('aggregated discovery says kind, scope, verbs and subresources of each resource', async () => {
  const { body } = await aggregated('/apis')
  const apps = body.items.find(({ metadata }: Json) => metadata.name === 'apps')
  const [{ resources, freshness }] = apps.versions
  const deployments = resources.find(({ resource }: Json) => resource === 'deployments')
  assert.equal(freshness, 'Current')
  assert.deepEqual(deployments.responseKind, { group: 'apps', version: 'v1', kind: 'Deployment' })
  assert.equal(deployments.scope, 'Namespaced')
  assert.equal(deployments.singularResource, 'deployment')
  assert.ok(deployments.verbs.includes('deletecollection'))
  const scale = deployments.subresources.find(({ subresource }: Json) => subresource === 'scale')
  assert.deepEqual(scale.responseKind, { group: 'autoscaling', version: 'v1', kind: 'Scale' })
})

test('a client that prefers aggregated discovery and takes the plain form gets what the server has first', async () => {
  const preferences = `${V2},${AGGREGATED('v2beta1')},application/json`
  assert.equal((await aggregated('/apis', preferences)).body.kind, 'APIGroupDiscoveryList')
  assert.equal((await aggregated('/apis', 'application/json')).body.kind, 'APIGroupList')
  const unknown = 'application/json;g=apidiscovery.k8s.io;v=v9;as=APIGroupDiscoveryList'
  assert.equal((await aggregated('/apis', `${unknown},application/json`)).body.kind, 'APIGroupList')
  const alone = await api.send('GET', '/apis', undefined, { headers: { accept: unknown } })
  assert.equal(alone.status, 406)
})

test('aggregated discovery that has not changed is not sent again', async () => {
  const { headers } = await aggregated('/apis')
  const etag = headers['etag'] as string
  assert.ok(etag)
  const again = await api.send('GET', '/apis', undefined, { headers: { accept: V2, 'if-none-match': etag } })
  assert.equal(again.status, 304)
  assert.equal(again.text, '')
})

test('a custom kind comes into every form of discovery and leaves it', async () => {
  const kind = await define(api, {
    spec: { names: { plural: 'foos', kind: 'Foo', shortNames: ['fo'], categories: ['all'] } },
  })
  const listed = async () => resourcesOf((await aggregated('/apis')).body).get(kind.apiVersion())
  await eventually('the kind is in aggregated discovery', async () => (await listed())?.includes('foos'))
  const groups = (await api.get('/apis')).groups.map(({ name }: Json) => name)
  assert.ok(groups.includes(kind.group))
  assert.equal((await api.get(`/apis/${kind.group}`)).preferredVersion.groupVersion, kind.apiVersion())
  const { resources } = await api.get(`/apis/${kind.apiVersion()}`)
  const [foos] = resources
  assert.deepEqual(
    [foos.name, foos.kind, foos.namespaced, foos.shortNames, foos.categories],
    ['foos', 'Foo', true, ['fo'], ['all']],
  )
  assert.ok(foos.storageVersionHash)
  await undefine(api, kind)
  await eventually('the kind has left aggregated discovery', async () => (await listed()) === undefined)
  assert.ok(!(await api.get('/apis')).groups.some(({ name }: Json) => name === kind.group))
  assert.equal((await api.send('GET', `/apis/${kind.group}`)).status, 404)
})

test('custom resource definitions are in the discovery documents of their own group', async () => {
  const group = (await api.get('/apis')).groups.find(({ name }: Json) => name === 'apiextensions.k8s.io')
  assert.ok(group.versions.some(({ version }: Json) => version === 'v1'))
  assert.equal((await api.get('/apis/apiextensions.k8s.io')).name, 'apiextensions.k8s.io')
  const { resources } = await api.get('/apis/apiextensions.k8s.io/v1')
  assert.ok(resources.some(({ name }: Json) => name === CRDS.split('/').at(-1)))
})

test('every group has a preferred version, and a resource in each of its versions', async () => {
  const { groups } = await api.get('/apis')
  assert.ok(groups.length >= new Set(Object.keys(BUILT_IN).map((name) => name.split('/')[0])).size)
  for (const { name, versions, preferredVersion } of groups) {
    const own = await api.get(`/apis/${name}`)
    assert.deepEqual(own.preferredVersion, preferredVersion)
    assert.ok(
      versions.some(({ groupVersion }: Json) => groupVersion === preferredVersion.groupVersion),
      name,
    )
    for (const { groupVersion } of versions) {
      const list = await api.get(`/apis/${groupVersion}`)
      assert.equal(list.kind, 'APIResourceList')
      assert.equal(list.groupVersion, groupVersion)
      assert.ok(list.resources.length > 0, groupVersion)
      assert.ok(
        list.resources.every(({ name, kind, verbs }: Json) => name && kind && verbs.length > 0),
        groupVersion,
      )
    }
  }
})

test('autoscaling and the like prefer their newest stable version', async () => {
  const preferred = async (group: string) => (await api.get(`/apis/${group}`)).preferredVersion.version
  assert.equal(await preferred('autoscaling'), 'v2')
  assert.equal(await preferred('apps'), 'v1')
  assert.deepEqual((await api.get('/api')).versions, ['v1'])
})

test('the server version is two whole numbers', async () => {
  const { major, minor, gitVersion } = await api.get('/version')
  assert.match(major, /^[0-9]+$/)
  assert.match(minor, /^[0-9]+$/)
  assert.match(gitVersion, /^v1\.32\./)
})

test('a resource without metadata cannot be had as a table', async () => {
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { verb: 'get', resource: 'pods' } },
  }
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
  const headers = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
  const answer = await api.send('POST', path, review, { headers })
  assert.equal(answer.status, 406, answer.text)
  assert.equal(answer.body.reason, 'NotAcceptable')
})
