import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { configMap, type Http, httpOf } from '@brume/testkit/http'

const PATH = '/api/v1/namespaces/default/configmaps'
let plane: TestControlPlane
let http: Http

before(async () => {
  plane = await startTestControlPlane()
  http = httpOf(plane)
})
after(() => plane.stop())

test('answers 201 with uid, creation time, revision and ownership set by the server', async () => {
  const { status, body } = await http.send('POST', PATH, configMap('one', { a: '1' }, { uid: 'mine' }))
  assert.equal(status, 201)
  assert.match(body.metadata.uid, /^[0-9a-f-]{36}$/)
  assert.match(body.metadata.creationTimestamp, /^\d{4}-.*Z$/)
  assert.match(body.metadata.resourceVersion, /^\d+$/)
  assert.deepEqual(body.metadata.managedFields[0].manager, 'brume-test')
  assert.deepEqual(body.metadata.managedFields[0].fieldsV1, { 'f:data': { '.': {}, 'f:a': {} } })
})

test('refuses a second object of the same name as AlreadyExists', async () => {
  await http.send('POST', PATH, configMap('twice'))
  const { status, body } = await http.send('POST', PATH, configMap('twice'))
  assert.equal(status, 409)
  assert.equal(body.reason, 'AlreadyExists')
  assert.equal(body.message, 'configmaps "twice" already exists')
  assert.deepEqual(body.details, { name: 'twice', kind: 'configmaps' })
})

test('of twenty creates of one name at once exactly one wins', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => http.send('POST', PATH, configMap('race'))),
  )
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(19).fill(409)])
})

test('makes names from generateName, all different', async () => {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'gen-' } }
  const answers = await Promise.all(Array.from({ length: 50 }, () => http.send('POST', PATH, body)))
  const names = new Set(answers.map((answer) => answer.body.metadata.name))
  assert.equal(names.size, 50)
  for (const name of names) assert.match(name, /^gen-[a-z0-9]{5}$/)
})

test('a dry run answers like the real thing and stores nothing', async () => {
  const { status, body } = await http.send('POST', PATH, configMap('dry'), { query: { dryRun: 'All' } })
  assert.equal(status, 201)
  assert.ok(body.metadata.uid)
  assert.equal((await http.send('GET', `${PATH}/dry`)).status, 404)
})

test('names every invalid field with its path', async () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'Bad_Name' }, spec: { containers: [] } }
  const { status, body } = await http.send('POST', '/api/v1/namespaces/default/pods', pod)
  assert.equal(status, 422)
  assert.equal(body.reason, 'Invalid')
  const fields = body.details.causes.map((cause: { field: string }) => cause.field)
  assert.ok(fields.includes('metadata.name') && fields.includes('spec.containers'), String(fields))
})

test('unknown and duplicate fields: refused, warned of, or ignored, as asked', async () => {
  const text =
    '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"strict"},"data":{"a":"1"},"data":{"b":"2"},"nope":1}'
  const send = (fieldValidation: string) =>
    http.send('POST', PATH, text, { query: { fieldValidation, dryRun: 'All' } })
  const strict = await send('Strict')
  assert.equal(strict.status, 400)
  assert.equal(
    strict.body.message,
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "data", unknown field "nope"',
  )
  const warn = await send('Warn')
  assert.equal(warn.status, 201)
  assert.match(String(warn.headers['warning']), /299 - "duplicate field \\"data\\""/)
  assert.match(String(warn.headers['warning']), /299 - "unknown field \\"nope\\""/)
  const ignore = await send('Ignore')
  assert.equal(ignore.headers['warning'], undefined)
})

test('refuses a body of another kind, another namespace, or with a resourceVersion', async () => {
  const wrongKind = await http.send('POST', PATH, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'x' },
  })
  assert.equal(wrongKind.status, 400)
  const elsewhere = await http.send('POST', PATH, configMap('x', {}, { namespace: 'kube-system' }))
  assert.equal(elsewhere.status, 400)
  assert.match(elsewhere.body.message, /namespace of the provided object does not match/)
  const versioned = await http.send('POST', PATH, configMap('x', {}, { resourceVersion: '1' }))
  assert.equal(versioned.status, 400)
})

test('refuses what it cannot read, with a Status and no stack', async () => {
  for (const body of [
    '',
    '{',
    '[]',
    'null',
    '"x"',
    '{"kind":1}',
    '{"metadata":[]}',
    '\u0000',
    '{"data":{"a":1}}',
  ]) {
    const { status, body: answer, text } = await http.send('POST', PATH, body)
    assert.ok(status === 400 || status === 422, `${JSON.stringify(body)} gave ${status}: ${text}`)
    assert.equal(answer.kind, 'Status')
    assert.doesNotMatch(text, /at .*\.ts:|node:internal/)
  }
  const media = await http.send('POST', PATH, 'x', { contentType: 'text/csv' })
  assert.equal(media.status, 415)
})

test('a missing namespace is NotFound and a terminating one Forbidden', async () => {
  const missing = await http.send('POST', '/api/v1/namespaces/nowhere/configmaps', configMap('x'))
  assert.equal(missing.status, 404)
  assert.equal(missing.body.message, 'namespaces "nowhere" not found')
})
