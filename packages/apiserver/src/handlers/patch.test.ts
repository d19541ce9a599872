import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { configMap, type Http, httpOf } from '@brume/testkit/http'

const PATH = '/api/v1/namespaces/default/configmaps'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
const JSON_PATCH = { contentType: 'application/json-patch+json' }
const MERGE = { contentType: 'application/merge-patch+json' }
const STRATEGIC = { contentType: 'application/strategic-merge-patch+json' }
const applied = (fieldManager: string, more: Record<string, string> = {}) => ({
  contentType: 'application/apply-patch+yaml',
  query: { fieldManager, ...more },
})
let plane: TestControlPlane
let http: Http

before(async () => {
  plane = await startTestControlPlane()
  http = httpOf(plane)
})
after(() => plane.stop())

const deployment = (name: string, replicas?: number) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    ...(replicas === undefined ? {} : { replicas }),
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
})

test('each of the four types changes what it says', async () => {
  await http.send('POST', PATH, configMap('types', { a: '1', b: '2' }))
  const json = await http.send(
    'PATCH',
    `${PATH}/types`,
    [{ op: 'replace', path: '/data/a', value: 'x' }],
    JSON_PATCH,
  )
  assert.equal(json.body.data.a, 'x')
  const merge = await http.send('PATCH', `${PATH}/types`, { data: { b: null, c: '3' } }, MERGE)
  assert.deepEqual(merge.body.data, { a: 'x', c: '3' })
  const strategic = await http.send('PATCH', `${PATH}/types`, { data: { d: '4' } }, STRATEGIC)
  assert.deepEqual(strategic.body.data, { a: 'x', c: '3', d: '4' })
  const apply = await http.send('PATCH', `${PATH}/types`, configMap('types', { e: '5' }), applied('me'))
  assert.equal(apply.body.data.e, '5')
})

test('a strategic patch merges containers by name', async () => {
  await http.send('POST', DEPLOYMENTS, deployment('merge'))
  const patch = { spec: { template: { spec: { containers: [{ name: 'side', image: 's' }] } } } }
  const { body } = await http.send('PATCH', `${DEPLOYMENTS}/merge`, patch, STRATEGIC)
  const names = body.spec.template.spec.containers.map((container: { name: string }) => container.name)
  assert.deepEqual(names.sort(), ['c', 'side'])
})

test('a hundred patches at once all count', async () => {
  await http.send('POST', PATH, configMap('busy'))
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      http.send('PATCH', `${PATH}/busy`, { data: { [`k${i}`]: 'v' } }, MERGE),
    ),
  )
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
  assert.equal(Object.keys((await http.send('GET', `${PATH}/busy`)).body.data).length, 100)
})

test('a patch that names a resourceVersion must meet it', async () => {
  await http.send('POST', PATH, configMap('rv'))
  const stale = await http.send(
    'PATCH',
    `${PATH}/rv`,
    { metadata: { resourceVersion: '1' }, data: { a: '1' } },
    MERGE,
  )
  assert.equal(stale.status, 409)
})

test('a failed test operation changes nothing', async () => {
  await http.send('POST', PATH, configMap('guard', { a: '1' }))
  const patch = [
    { op: 'test', path: '/data/a', value: 'other' },
    { op: 'remove', path: '/data/a' },
  ]
  assert.equal((await http.send('PATCH', `${PATH}/guard`, patch, JSON_PATCH)).status, 422)
  assert.equal((await http.send('GET', `${PATH}/guard`)).body.data.a, '1')
})

test('an apply creates, then owns its fields, and removes what it no longer names', async () => {
  const created = await http.send(
    'PATCH',
    `${PATH}/owned`,
    configMap('owned', { a: '1', b: '2' }),
    applied('alice'),
  )
  assert.equal(created.status, 201)
  const again = await http.send(
    'PATCH',
    `${PATH}/owned`,
    configMap('owned', { a: '1', b: '2' }),
    applied('alice'),
  )
  assert.equal(again.body.metadata.resourceVersion, created.body.metadata.resourceVersion)
  const less = await http.send('PATCH', `${PATH}/owned`, configMap('owned', { a: '1' }), applied('alice'))
  assert.deepEqual(less.body.data, { a: '1' })
})

test('two appliers conflict over a field until one forces it', async () => {
  await http.send('PATCH', `${DEPLOYMENTS}/dispute`, deployment('dispute', 2), applied('alice'))
  const refused = await http.send('PATCH', `${DEPLOYMENTS}/dispute`, deployment('dispute', 5), applied('bob'))
  assert.equal(refused.status, 409)
  assert.match(
    refused.body.message,
    /^Apply failed with 1 conflict: conflict with "alice": \.spec\.replicas$/,
  )
  assert.equal(refused.body.details.causes[0].reason, 'FieldManagerConflict')
  const forced = await http.send(
    'PATCH',
    `${DEPLOYMENTS}/dispute`,
    deployment('dispute', 5),
    applied('bob', { force: 'true' }),
  )
  assert.equal(forced.body.spec.replicas, 5)
})

test('an apply needs a field manager, its own name, and no managedFields', async () => {
  const nobody = await http.send('PATCH', `${PATH}/x`, configMap('x'), {
    contentType: 'application/apply-patch+yaml',
  })
  assert.equal(nobody.status, 422)
  assert.equal((await http.send('PATCH', `${PATH}/x`, configMap('y'), applied('a'))).status, 400)
  const managed = configMap(
    'x',
    {},
    { managedFields: [{ manager: 'a', operation: 'Apply', apiVersion: 'v1' }] },
  )
  assert.equal((await http.send('PATCH', `${PATH}/x`, managed, applied('a'))).status, 400)
})

test('what an apply sends is typed: quantities are canonical, unknown fields refused when strict', async () => {
  const body = deployment('typed')
  Object.assign(body.spec.template.spec.containers[0]!, { resources: { requests: { cpu: '0.5' } } })
  const { body: object } = await http.send('PATCH', `${DEPLOYMENTS}/typed`, body, applied('a'))
  assert.equal(object.spec.template.spec.containers[0].resources.requests.cpu, '500m')
  Object.assign(body.spec, { nope: 1 })
  const strict = await http.send(
    'PATCH',
    `${DEPLOYMENTS}/typed`,
    body,
    applied('a', { fieldValidation: 'Strict' }),
  )
  assert.equal(strict.status, 400)
  assert.match(strict.body.message, /unknown field "spec\.nope"/)
})

test('a patch of a type that nobody knows is 415, and one that breaks the object 422', async () => {
  await http.send('POST', PATH, configMap('odd'))
  assert.equal(
    (await http.send('PATCH', `${PATH}/odd`, '{}', { contentType: 'application/x-odd' })).status,
    415,
  )
  assert.equal(
    (await http.send('PATCH', `${PATH}/odd`, { metadata: { labels: { 'a b': 'c' } } }, MERGE)).status,
    422,
  )
  assert.equal((await http.send('PATCH', `${PATH}/missing`, {}, MERGE)).status, 404)
})

test('an autoscaler written in v1 is owned in v1 and read in v2', async () => {
  const path = '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers'
  const hpa = {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'h' },
    spec: {
      maxReplicas: 3,
      targetCPUUtilizationPercentage: 50,
      scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' },
    },
  }
  const { body } = await http.send('POST', path, hpa)
  assert.equal(body.metadata.managedFields[0].apiVersion, 'autoscaling/v1')
  assert.equal(body.spec.targetCPUUtilizationPercentage, 50)
  const { body: v2 } = await http.send('GET', path.replace('v1', 'v2') + '/h')
  assert.equal(v2.spec.metrics[0].resource.target.averageUtilization, 50)
})
