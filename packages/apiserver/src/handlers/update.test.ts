import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { configMap, type Http, httpOf } from '@brume/testkit/http'

const PATH = '/api/v1/namespaces/default/configmaps'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
let plane: TestControlPlane
let http: Http

before(async () => {
  plane = await startTestControlPlane()
  http = httpOf(plane)
})
after(() => plane.stop())

const deployment = (name: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
})

/** Controllers write deployments too: what is not about versions is written whatever the version is. */
// biome-ignore lint/suspicious/noExplicitAny: an object of any kind
function unversioned(object: any): any {
  const copy = structuredClone(object)
  delete copy.metadata.resourceVersion
  return copy
}

test('a stale resourceVersion is a Conflict and changes nothing', async () => {
  const { body: first } = await http.send('POST', PATH, configMap('stale', { a: '1' }))
  await http.send('PUT', `${PATH}/stale`, { ...first, data: { a: '2' } })
  const { status, body } = await http.send('PUT', `${PATH}/stale`, { ...first, data: { a: '3' } })
  assert.equal(status, 409)
  assert.equal(
    body.message,
    'Operation cannot be fulfilled on configmaps "stale": the object has been modified; please apply your changes to the latest version and try again',
  )
  assert.equal((await http.send('GET', `${PATH}/stale`)).body.data.a, '2')
})

test('without a resourceVersion the last writer wins, and none of many at once fails', async () => {
  await http.send('POST', PATH, configMap('free'))
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      http.send('PUT', `${PATH}/free`, configMap('free', { i: String(i) })),
    ),
  )
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
})

test('an update that changes nothing keeps the resourceVersion', async () => {
  const { body: first } = await http.send('POST', PATH, configMap('same', { a: '1' }))
  const { body: second } = await http.send('PUT', `${PATH}/same`, first)
  assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion)
})

/** A kind that no controller writes. */
const INGRESSES = '/apis/networking.k8s.io/v1/namespaces/default/ingresses'
const backend = (name: string) => ({ defaultBackend: { service: { name, port: { number: 80 } } } })
const ingress = (name: string) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name },
  spec: backend('a'),
})

test('the generation follows the spec and not the metadata', async () => {
  const { body: first } = await http.send('POST', INGRESSES, ingress('gen'))
  assert.equal(first.metadata.generation, 1)
  const labelled = { ...first, metadata: { ...first.metadata, labels: { x: 'y' } } }
  const { body: second } = await http.send('PUT', `${INGRESSES}/gen`, labelled)
  assert.equal(second.metadata.generation, 1)
  const { body: third } = await http.send('PUT', `${INGRESSES}/gen`, { ...second, spec: backend('b') })
  assert.equal(third.metadata.generation, 2)
})

test('the main endpoint leaves the status alone and the status endpoint the spec', async () => {
  const at = (ip: string) => ({ loadBalancer: { ingress: [{ ip }] } })
  const { body: first } = await http.send('POST', INGRESSES, { ...ingress('st'), status: at('1.1.1.1') })
  assert.deepEqual(first.status, { loadBalancer: {} })
  const both = { ...first, spec: backend('b'), status: at('2.2.2.2') }
  const { body: status } = await http.send('PUT', `${INGRESSES}/st/status`, both)
  assert.equal(status.spec.defaultBackend.service.name, 'a')
  assert.deepEqual(status.status.loadBalancer.ingress, [{ ip: '2.2.2.2' }])
  const changed = { ...status, spec: backend('c'), status: {} }
  const { body: main } = await http.send('PUT', `${INGRESSES}/st`, changed)
  assert.equal(main.spec.defaultBackend.service.name, 'c')
  assert.deepEqual(main.status.loadBalancer.ingress, [{ ip: '2.2.2.2' }])
})

test('immutable fields are refused with their path', async () => {
  const { body: first } = await http.send('POST', DEPLOYMENTS, deployment('imm'))
  const changed = unversioned(first)
  changed.spec.selector.matchLabels = { app: 'other' }
  changed.spec.template.metadata.labels = { app: 'other' }
  const { status, body } = await http.send('PUT', `${DEPLOYMENTS}/imm`, changed)
  assert.equal(status, 422)
  assert.equal(body.details.causes[0].field, 'spec.selector')
  assert.match(body.message, /field is immutable/)
})

test('a name in the body that is not the path’s is refused, and so is another uid', async () => {
  const { body: first } = await http.send('POST', PATH, configMap('named'))
  assert.equal((await http.send('PUT', `${PATH}/named`, configMap('other'))).status, 400)
  const imposter = { ...first, metadata: { ...first.metadata, uid: 'other' } }
  assert.equal((await http.send('PUT', `${PATH}/named`, imposter)).status, 409)
})

test('PUT creates a Lease that is missing, and nothing else', async () => {
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'l' },
    spec: { holderIdentity: 'a' },
  }
  const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases/l'
  assert.equal((await http.send('PUT', path, lease)).status, 201)
  assert.equal((await http.send('PUT', `${PATH}/missing`, configMap('missing'))).status, 404)
})

test('scale reads and changes replicas, and its patch too', async () => {
  await http.send('POST', DEPLOYMENTS, deployment('scaled'))
  const path = `${DEPLOYMENTS}/scaled/scale`
  const { body: scale } = await http.send('GET', path)
  assert.deepEqual([scale.kind, scale.spec.replicas, scale.status.selector], ['Scale', 1, 'app=scaled'])
  const wanted = unversioned({ ...scale, spec: { replicas: 4 } })
  assert.equal((await http.send('PUT', path, wanted)).body.spec.replicas, 4)
  const patched = await http.send(
    'PATCH',
    path,
    { spec: { replicas: 6 } },
    { contentType: 'application/merge-patch+json' },
  )
  assert.equal(patched.body.spec.replicas, 6)
  assert.equal(
    (await http.send('PUT', path, { ...scale, spec: { replicas: -1 }, metadata: { name: 'scaled' } })).status,
    422,
  )
  assert.equal((await http.send('PUT', path, scale)).status, 409)
})
