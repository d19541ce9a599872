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

test('what an apply sends is typed: quantities are canonical, unknown fields and wrong types refused', async () => {
  const body = deployment('typed')
  Object.assign(body.spec.template.spec.containers[0]!, { resources: { requests: { cpu: '0.5' } } })
  const { body: object } = await http.send('PATCH', `${DEPLOYMENTS}/typed`, body, applied('a'))
  assert.equal(object.spec.template.spec.containers[0].resources.requests.cpu, '500m')
  Object.assign(body.spec, { nope: 1 })
  const refusal = async (sent: object) => {
    const { status, body } = await http.send('PATCH', `${DEPLOYMENTS}/typed`, sent, applied('a'))
    assert.deepEqual([status, body.reason], [500, undefined])
    return body.message
  }
  assert.equal(
    await refusal(body),
    'failed to create typed patch object (default/typed; apps/v1, Kind=Deployment): .spec.nope: field not declared in schema',
  )
  const wrong = deployment('typed')
  Object.assign(wrong.spec.template.spec.containers[0]!, { resources: { requests: { cpu: 'x' } } })
  assert.equal(
    await refusal(wrong),
    "failed to convert new object (default/typed; apps/v1, Kind=Deployment) to proper version (apps/v1): unable to convert unstructured object to apps/v1, Kind=Deployment: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  )
})

test('a patch that makes an object of unknown fields or wrong types is shown with what it made', async () => {
  await http.send('POST', DEPLOYMENTS, deployment('shown'))
  const causes = async (contentType: string, patch: object, fieldValidation = 'Strict') => {
    const { status, body } = await http.send('PATCH', `${DEPLOYMENTS}/shown`, patch, {
      contentType,
      query: { fieldValidation },
    })
    assert.equal(status, 422)
    assert.match(body.message, /^ "" is invalid: patch: Invalid value: /)
    return body.details.causes[0].message
  }
  const strategic = 'application/strategic-merge-patch+json'
  assert.equal(
    await causes(strategic, { spec: { nope: 'x' } }),
    'Invalid value: "map[spec:map[nope:x]]": strict decoding error: unknown field "spec.nope"',
  )
  assert.equal(
    await causes(strategic, { spec: { replicas: 'x' } }, 'Ignore'),
    'Invalid value: "map[spec:map[replicas:x]]": unrecognized type: int32',
  )
  assert.equal(
    await causes(strategic, { spec: { template: { spec: { nodeName: 1 } } } }, 'Ignore'),
    'Invalid value: "map[spec:map[template:map[spec:map[nodeName:1]]]]": cannot convert int64 to string',
  )
  assert.match(
    await causes('application/merge-patch+json', { spec: { replicas: 'x' } }, 'Ignore'),
    /^Invalid value: "\{.*\}": json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32$/,
  )
})

test('a patch cannot rename or move', async () => {
  await http.send('POST', PATH, configMap('stays'))
  const message = async (metadata: object) =>
    (await http.send('PATCH', `${PATH}/stays`, { metadata }, MERGE)).body.message
  assert.equal(
    await message({ name: 'other' }),
    'the name of the object (other) does not match the name on the URL (stays)',
  )
  assert.equal(
    await message({ namespace: 'other' }),
    'the namespace of the provided object does not match the namespace sent on the request',
  )
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
  const { body: v2 } = await http.send('GET', `${path.replace('v1', 'v2')}/h`)
  assert.equal(v2.spec.metrics[0].resource.target.averageUtilization, 50)
})

test('what is applied to one object by its uid makes no new one in its place', async () => {
  const made = await http.send('POST', PATH, configMap('by-uid'))
  const config = configMap('by-uid', { a: '1' }, { uid: made.body.metadata.uid })
  const first = await http.send('PATCH', `${PATH}/by-uid`, config, applied('one'))
  assert.equal(first.status, 200, first.text)
  await http.send('DELETE', `${PATH}/by-uid`)
  const late = await http.send('PATCH', `${PATH}/by-uid`, config, applied('one'))
  assert.deepEqual([late.status, late.body.reason], [409, 'Conflict'])
  assert.match(late.body.message, /uid mismatch: the provided object specified uid .* no existing object/)
})
