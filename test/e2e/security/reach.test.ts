// Rights reach what they name and nothing beside it, whatever way is taken there.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { configMap, httpOf } from '@brume/testkit/http'
import { grant, makeNamespace, mustCreate, personOf, type Rule } from './people.ts'
import { adminKey, http1 } from './raw.ts'

const READ = ['get', 'list', 'watch']
const ALL = ['*']
const base64 = (text: string) => Buffer.from(text).toString('base64')
const HIDDEN = new RegExp(['own', 'other'].map((name) => base64(`value-of-${name}-hidden`)).join('|'))

let plane: TestControlPlane
before(async () => {
  plane = await startTestControlPlane()
  for (const name of ['own', 'other']) {
    await makeNamespace(plane, name)
    for (const secret of ['shown', 'hidden']) {
      await mustCreate(plane, `/api/v1/namespaces/${name}/secrets`, {
        ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: secret } },
        stringData: { key: `value-of-${name}-${secret}` },
      })
    }
  }
})
after(() => plane.stop())

let people = 0
async function person(namespace: string, rules: Rule[]) {
  const user = `person-${++people}`
  await grant(plane, { user, namespace, rules })
  return personOf(plane, user)
}

test('everything in one namespace is nothing in another, nor of the cluster', async () => {
  const owner = await person('own', [{ verbs: ALL, apiGroups: ALL, resources: ALL }])
  assert.equal((await owner.send('GET', '/api/v1/namespaces/own')).status, 200)
  const refused: [string, string, object?][] = [
    ['GET', '/api/v1/namespaces/own/namespaces'],
    ['GET', '/api/v1/namespaces/own/namespaces/other'],
    ['DELETE', '/api/v1/namespaces/own/namespaces/other'],
    ['DELETE', '/api/v1/namespaces/own/namespaces'],
    ['PATCH', '/api/v1/namespaces/own/namespaces/other', { metadata: { labels: { a: 'b' } } }],
    ['PUT', '/api/v1/namespaces/own/namespaces/other/finalize', { metadata: { name: 'other' } }],
    ['POST', '/api/v1/namespaces/own/namespaces', { metadata: { name: 'mine' } }],
    ['GET', '/api/v1/namespaces/own/namespaces?fieldSelector=metadata.name%3Dother'],
    ['GET', '/api/v1/watch/namespaces/own/namespaces/other?timeoutSeconds=1'],
    ['GET', '/api/v1/namespaces/own/namespaces?watch=true&timeoutSeconds=1'],
    ['GET', '/api/v1/namespaces/own/nodes'],
    ['POST', '/api/v1/namespaces/own/nodes', { metadata: { name: 'n' } }],
    ['GET', '/api/v1/namespaces/own/persistentvolumes'],
    ['GET', '/apis/rbac.authorization.k8s.io/v1/namespaces/own/clusterroles/cluster-admin'],
    ['GET', '/apis/apiextensions.k8s.io/v1/namespaces/own/customresourcedefinitions'],
    ['POST', '/apis/authorization.k8s.io/v1/namespaces/own/subjectaccessreviews', { spec: { user: 'x' } }],
    ['POST', '/apis/authentication.k8s.io/v1/namespaces/own/tokenreviews', { spec: { token: 'x' } }],
    ['GET', '/api/v1/namespaces/own%2F..%2Fother/secrets'],
    ['GET', '/api/v1/namespaces/own/..%2Fother%2Fsecrets'],
    ['GET', '/api/v1/namespaces/own/secrets/..%2F..%2Fother%2Fsecrets%2Fhidden'],
    ['GET', '/api/v1/namespaces/own/../other/secrets'],
    ['GET', '/api/v1/namespaces/other/secrets'],
    ['GET', '/api/v1/secrets'],
    ['GET', '/backup'],
    ['GET', '/metrics'],
  ]
  for (const [method, path, body] of refused) {
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const [plain = '', query = ''] = path.split('?')
    const answer = await owner.send(method, plain, body, {
      contentType,
      query: Object.fromEntries(new URLSearchParams(query)),
    })
    assert.ok([403, 404].includes(answer.status), `${method} ${path}: ${answer.status} ${answer.text}`)
    assert.doesNotMatch(answer.text, /value-of|dmFsdWUt/)
  }
  assert.equal((await httpOf(plane).send('GET', '/api/v1/namespaces/mine')).status, 404)
})

test('a right to one name shows that one', async () => {
  const reader = await person('', [{ verbs: READ, resources: ['secrets'], resourceNames: ['shown'] }])
  const path = '/api/v1/namespaces/own/secrets'
  const get = (plain: string, query: Record<string, string> = {}) =>
    reader.send('GET', plain, undefined, { query })
  assert.equal((await get(`${path}/shown`)).status, 200)
  const one = await get(path, { fieldSelector: 'metadata.name=shown' })
  assert.deepEqual(
    one.body.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ['shown'],
  )
  const everywhere = await get('/api/v1/secrets', { fieldSelector: 'metadata.name==shown' })
  assert.equal(everywhere.body.items.length, 2)
  const tries: [string, Record<string, string>][] = [
    [`${path}/hidden`, {}],
    [path, {}],
    [path, { fieldSelector: 'metadata.name!=shown' }],
    [path, { fieldSelector: 'metadata.name=hidden' }],
    [path, { fieldSelector: 'metadata.name=hidden,metadata.name=shown' }],
    [path, { fieldSelector: 'type!=x\\,metadata.name=shown' }],
    [path, { fieldSelector: 'metadata.namespace!=x\\,metadata.name\\=shown' }],
    [path, { fieldSelector: 'metadata.name!=x,,metadata.name=shown\\' }],
    [path, { labelSelector: 'metadata.name=shown' }],
    ['/api/v1/secrets/shown', { watch: 'true', timeoutSeconds: '1' }],
    ['/api/v1/watch/secrets/shown', { timeoutSeconds: '1' }],
    ['/api/v1/secrets/shown/', { watch: '1', timeoutSeconds: '1', fieldSelector: '' }],
    [path, { watch: 'true', timeoutSeconds: '1', fieldSelector: 'metadata.name!=shown' }],
  ]
  for (const [plain, query] of tries) {
    const { status, text } = await get(plain, query)
    assert.doesNotMatch(text, HIDDEN, `${plain} ${JSON.stringify(query)}: ${text}`)
    if (status === 200) assert.match(text, /"items":\[\]/, `${plain} ${JSON.stringify(query)}: ${text}`)
  }
  for (const plain of ['/api/v1/secrets', `/api/v1/watch/secrets`]) {
    const query = { watch: 'true', timeoutSeconds: '1', fieldSelector: 'metadata.name=shown' }
    const watched = await get(plain, query)
    assert.equal(watched.status, 200, watched.text)
    assert.doesNotMatch(watched.text, HIDDEN)
    assert.match(watched.text, /"shown"/)
  }
})

test('to create by an update or an apply takes the right to create', async () => {
  const body = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'new' },
    spec: { holderIdentity: 'me' },
  }
  const groups = { apiGroups: ['coordination.k8s.io', ''], resources: ['leases', 'configmaps'] }
  const path = '/apis/coordination.k8s.io/v1/namespaces/own/leases/new'
  const updater = await person('own', [{ ...groups, verbs: ['get', 'update', 'patch'] }])
  const apply = { contentType: 'application/apply-patch+yaml', query: { fieldManager: 'me', dryRun: 'All' } }
  const put = await updater.send('PUT', path, body)
  assert.equal(put.status, 403, put.text)
  assert.match(put.body.message, /cannot create resource "leases" in API group "coordination.k8s.io"/)
  assert.equal((await updater.send('PATCH', path, body, apply)).status, 403)
  const map = configMap('new')
  assert.equal((await updater.send('PATCH', '/api/v1/namespaces/own/configmaps/new', map, apply)).status, 403)
  const creator = await person('own', [{ ...groups, verbs: ['update', 'patch', 'create'] }])
  assert.equal((await creator.send('PATCH', path, body, apply)).status, 201)
  assert.equal((await creator.send('PUT', path, body)).status, 201)
})

test('a right to a resource is no right to its subresources, and the other way round', async () => {
  const http = httpOf(plane)
  const ns = '/api/v1/namespaces/own'
  await mustCreate(plane, `${ns}/pods`, {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  })
  await mustCreate(plane, '/apis/apps/v1/namespaces/own/deployments', {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' } },
    spec: {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  })
  const resources = [
    'pods',
    'deployments',
    'serviceaccounts',
    'namespaces',
    'certificatesigningrequests',
    'bindings',
  ]
  const plain = await person('', [{ verbs: ALL, apiGroups: ALL, resources }])
  const subresources: [string, string][] = [
    ['GET', `${ns}/pods/p/status`],
    ['PATCH', `${ns}/pods/p/status`],
    ['PUT', `${ns}/pods/p/ephemeralcontainers`],
    ['PATCH', `${ns}/pods/p/resize`],
    ['POST', `${ns}/pods/p/binding`],
    ['POST', `${ns}/pods/p/eviction`],
    ['GET', `${ns}/pods/p/log`],
    ['GET', `${ns}/pods/p/exec`],
    ['POST', `${ns}/pods/p/exec`],
    ['POST', `${ns}/pods/p/attach`],
    ['POST', `${ns}/pods/p/portforward`],
    ['GET', `${ns}/pods/p/proxy/`],
    ['GET', `${ns}/pods/p/proxy/a/b`],
    ['POST', `${ns}/serviceaccounts/default/token`],
    ['PUT', `${ns}/finalize`],
    ['PATCH', `${ns}/status`],
    ['GET', '/apis/apps/v1/namespaces/own/deployments/d/scale'],
    ['PUT', '/apis/apps/v1/namespaces/own/deployments/d/scale'],
    ['PATCH', '/apis/apps/v1/namespaces/own/deployments/d/status'],
    ['PUT', '/apis/certificates.k8s.io/v1/certificatesigningrequests/c/approval'],
    ['PUT', '/apis/certificates.k8s.io/v1/certificatesigningrequests/c/status'],
  ]
  for (const [method, path] of subresources) {
    const { status, text } = await plain.send(method, path, method === 'GET' ? undefined : {})
    assert.equal(status, 403, `${method} ${path}: ${text}`)
  }
  const other = await person('', [
    { verbs: ALL, apiGroups: ALL, resources: resources.map((one) => `${one}/status`) },
  ])
  for (const path of [`${ns}/pods/p`, `${ns}/pods`, ns, '/apis/apps/v1/namespaces/own/deployments/d']) {
    assert.equal((await other.send('GET', path)).status, 403, path)
  }
  assert.equal((await http.send('GET', `${ns}/pods/p`)).body.spec.nodeName, undefined)
})

test('a delete of one is no delete of all, and no verb stands in for another', async () => {
  const deleter = await person('own', [{ verbs: ['delete'], resources: ['configmaps'] }])
  const ns = '/api/v1/namespaces/own/configmaps'
  await mustCreate(plane, ns, configMap('one'))
  for (const path of [ns, `${ns}/`, `${ns}//`]) assert.equal((await deleter.send('DELETE', path)).status, 403)
  const selected = await deleter.send('DELETE', ns, undefined, {
    query: { fieldSelector: 'metadata.name=one' },
  })
  assert.equal(selected.status, 403)
  assert.equal((await deleter.send('GET', `${ns}/one`)).status, 403)
  for (const method of ['get', 'Delete', 'DELETE ', 'HEAD', 'OPTIONS', 'TRACE', 'PURGE']) {
    const headers = ['impersonate-user: person-x', `x-http-method-override: DELETE`]
    const answer = await http1(plane, { method, path: `${ns}/one`, headers, client: adminKey(plane) })
    assert.ok(answer.status === 0 || answer.status >= 400, `${method}: ${answer.text}`)
  }
  assert.equal((await deleter.send('DELETE', `${ns}/one`)).status, 200)
})

test('events are guarded in the group that is asked, and hold one set of objects', async () => {
  const core = await person('own', [{ verbs: READ, resources: ['events'] }])
  const path = (group: string) => `${group}/namespaces/own/events`
  assert.equal((await core.send('GET', path('/api/v1'))).status, 200)
  assert.equal((await core.send('GET', path('/apis/events.k8s.io/v1'))).status, 403)
})

test('a binding or an eviction is of the pod that the path names', async () => {
  const http = httpOf(plane)
  const ns = '/api/v1/namespaces/own/pods'
  for (const name of ['mine', 'theirs']) {
    await mustCreate(plane, ns, {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name } },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    })
  }
  const verbs = ['create']
  const one = await person('own', [
    { verbs, resources: ['pods/binding', 'pods/eviction'], resourceNames: ['mine'] },
  ])
  const bind = (namespace: string) => ({ metadata: { name: 'theirs', namespace }, target: { name: 'n' } })
  const tries: [string, object][] = [
    [`${ns}/mine/binding`, bind('own')],
    [`${ns}/mine/binding`, bind('other')],
    [`${ns}/theirs/binding`, bind('own')],
    ['/api/v1/namespaces/own/bindings', bind('own')],
    [`${ns}/mine/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'theirs' } }],
    [`${ns}/theirs/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'mine' } }],
  ]
  for (const [path, body] of tries) {
    const { status, text } = await one.send('POST', path, body)
    assert.ok(status === 403 || status === 400, `${path} ${JSON.stringify(body)}: ${text}`)
  }
  for (const name of ['mine', 'theirs']) {
    const { body } = await http.send('GET', `${ns}/${name}`)
    assert.deepEqual([body.spec.nodeName, body.metadata.deletionTimestamp], [undefined, undefined])
  }
})
