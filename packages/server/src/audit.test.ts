// The audit log of a whole control plane: what stands in events, at each level, of each kind of request.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { DEFAULT_AUDIT_POLICY } from '@brume/apiserver/audit/default-policy'
import type { AuditPolicy } from '@brume/apiserver/audit/types'
import { type AuditEvent, auditEventsIn } from '@brume/testkit/audit-events'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { configMap, type Http, httpOf } from '@brume/testkit/http'

const POLICY: AuditPolicy = {
  ...DEFAULT_AUDIT_POLICY,
  omitStages: [],
  rules: [
    { level: 'None', users: ['system:kube-controller-manager'] },
    { level: 'Request', namespaces: ['bodies'], verbs: ['patch'], omitStages: ['RequestReceived'] },
    {
      level: 'RequestResponse',
      namespaces: ['bodies'],
      omitStages: ['RequestReceived'],
      omitManagedFields: true,
    },
    { level: 'Metadata', resources: [{ group: '', resources: ['configmaps'] }] },
    ...DEFAULT_AUDIT_POLICY.rules.map((rule) => ({ ...rule, omitStages: ['RequestReceived' as const] })),
  ],
}

let plane: TestControlPlane
let http: Http

before(async () => {
  plane = await startTestControlPlane({ auditPolicy: POLICY })
  http = httpOf(plane)
  for (const [name, labels] of [
    ['bodies', {}],
    [
      'pods',
      { 'pod-security.kubernetes.io/enforce': 'baseline', 'pod-security.kubernetes.io/audit': 'restricted' },
    ],
  ] as const) {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }
    assert.equal((await http.send('POST', '/api/v1/namespaces', namespace)).status, 201)
  }
})
after(() => plane.stop())

const events = () => auditEventsIn(plane.dir.auditLog)

/** Of the request with this id, once there are so many. */
async function eventsOf(id: unknown, count: number): Promise<AuditEvent[]> {
  return eventually(`${count} events of ${id}`, () => {
    const found = events().filter(({ auditID }) => auditID === id)
    return found.length >= count ? found : undefined
  })
}

/** The event of how the request ended. */
async function recorded(...request: Parameters<Http['send']>): Promise<AuditEvent> {
  const { headers } = await http.send(...request)
  const isIt = ({ auditID, stage }: AuditEvent) =>
    auditID === headers['audit-id'] && stage !== 'RequestReceived'
  return eventually(`the event of ${headers['audit-id']}`, () => events().find(isIt))
}

const MAPS = '/api/v1/namespaces/default/configmaps'

test('a write is told in two stages, with who, what, when, from where and how it ended', async () => {
  const answer = await http.send('POST', MAPS, configMap('one'), { query: { fieldManager: 'x' } })
  const [first, last] = await eventsOf(answer.headers['audit-id'], 2)
  assert.deepEqual([first.stage, last.stage], ['RequestReceived', 'ResponseComplete'])
  assert.equal(first.responseStatus, undefined)
  const { user, objectRef, responseStatus, annotations, sourceIPs } = last
  assert.deepEqual([last.kind, last.apiVersion, last.level], ['Event', 'audit.k8s.io/v1', 'Metadata'])
  assert.deepEqual([last.verb, last.requestURI], ['create', `${MAPS}?fieldManager=x`])
  assert.equal(user.username, 'brume-admin')
  assert.ok(user.groups.includes('system:masters'))
  assert.deepEqual(objectRef, {
    resource: 'configmaps',
    namespace: 'default',
    name: 'one',
    uid: answer.body.metadata.uid,
    apiVersion: 'v1',
  })
  assert.deepEqual(responseStatus, { metadata: {}, code: 201 })
  assert.equal(annotations['authorization.k8s.io/decision'], 'allow')
  assert.deepEqual(sourceIPs, ['127.0.0.1'])
  assert.equal(last.userAgent, 'brume-test/1')
  assert.equal(last.requestObject, undefined)
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/
  assert.match(last.requestReceivedTimestamp, time)
  assert.match(last.stageTimestamp, time)
  assert.ok(last.requestReceivedTimestamp <= last.stageTimestamp)
})

test('a generated name is known when the request is done', async () => {
  const event = await recorded('POST', MAPS, configMap('', {}, { name: undefined, generateName: 'gen-' }))
  assert.match(event.objectRef.name, /^gen-.....$/)
})

test('a failed write says why', async () => {
  await http.send('POST', MAPS, configMap('twice'))
  const { responseStatus, objectRef } = await recorded('POST', MAPS, configMap('twice'))
  assert.deepEqual(responseStatus, {
    metadata: {},
    status: 'Failure',
    message: 'configmaps "twice" already exists',
    reason: 'AlreadyExists',
    details: { name: 'twice', kind: 'configmaps' },
    code: 409,
  })
  assert.equal(objectRef.name, 'twice')
})

test('of a Secret that is refused no value comes into the log, neither what was sent nor what was there', async () => {
  const secrets = '/api/v1/namespaces/default/secrets'
  const secret = (data: object) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'quoted' }, data })
  const stored = Buffer.from('stored').toString('base64')
  assert.equal((await http.send('POST', secrets, secret({ old: stored }))).status, 201)
  const merge = { contentType: 'application/merge-patch+json' }
  const strategic = { contentType: 'application/strategic-merge-patch+json' }
  const quoting = [
    await recorded('PATCH', `${secrets}/quoted`, { data: { k: 'hunter2!' } }, merge),
    await recorded('PATCH', `${secrets}/quoted`, { data: { k: ['hunter2'] } }, strategic),
    await recorded('POST', secrets, secret({ 'hunter2 as a key': '' })),
    await recorded('POST', secrets, '{"data": hunter2}'),
  ]
  for (const { responseStatus } of quoting) {
    assert.ok([400, 422].includes(responseStatus.code), JSON.stringify(responseStatus))
    assert.match(responseStatus.message, /not repeated/)
  }
  const log = readFileSync(plane.dir.auditLog, 'utf8')
  for (const value of ['hunter2', stored]) assert.ok(!log.includes(value), value)
  const known = await recorded('POST', secrets, secret({}))
  assert.match(known.responseStatus.message, /already exists/)
})

test('a refusal is recorded whatever was asked for, with both identities', async () => {
  const event = await recorded('GET', '/api/v1/nodes', undefined, { headers: { 'impersonate-user': 'bob' } })
  assert.equal(event.user.username, 'brume-admin')
  assert.deepEqual(event.impersonatedUser, { username: 'bob', groups: ['system:authenticated'] })
  assert.equal(event.responseStatus.code, 403)
  assert.equal(event.annotations['authorization.k8s.io/decision'], 'forbid')
})

test('who may not act for another is recorded by their own name', async () => {
  const accounts = '/api/v1/namespaces/default/serviceaccounts'
  await http.send('POST', accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'small' } })
  const { body } = await http.send('POST', `${accounts}/small/token`, { spec: {} })
  const response = await fetchAnonymously({
    authorization: `Bearer ${body.status.token}`,
    'impersonate-user': 'bob',
  })
  const [event] = await eventsOf(response.headers['audit-id'], 1)
  assert.equal(event.user.username, 'system:serviceaccount:default:small')
  assert.equal(event.impersonatedUser, undefined)
  assert.match(event.responseStatus.message, /cannot impersonate resource "users"/)
})

test('credentials that nobody knows are recorded, and never shown', async () => {
  const response = await fetchAnonymously({ authorization: 'Bearer not-a-token-of-ours' })
  const [event] = await eventsOf(response.headers['audit-id'], 1)
  assert.deepEqual(event.user, {})
  assert.equal(event.stage, 'ResponseStarted')
  assert.equal(event.responseStatus.code, 401)
  assert.doesNotMatch(readFileSync(plane.dir.auditLog, 'utf8'), /not-a-token-of-ours/)
})

test('a read that the policy leaves out is not recorded, and has an id all the same', async () => {
  const answer = await http.send('GET', '/api/v1/nodes')
  assert.match(String(answer.headers['audit-id']), /^[\da-f-]{36}$/)
  // What comes after it is there: so it would be too.
  await recorded('DELETE', `${MAPS}/one`)
  assert.deepEqual(
    events().filter(({ auditID }) => auditID === answer.headers['audit-id']),
    [],
  )
})

test('a client may give the id, within reason', async () => {
  const given = await http.send('GET', '/api', undefined, { headers: { 'audit-id': 'from-the-client.1' } })
  assert.equal(given.headers['audit-id'], 'from-the-client.1')
  const odd = await http.send('GET', '/api', undefined, { headers: { 'audit-id': 'x'.repeat(100) } })
  assert.match(String(odd.headers['audit-id']), /^[\da-f-]{36}$/)
})

test('a watch is told when it begins and when it ends', async () => {
  const headers = { 'audit-id': 'a-watch' }
  const query = { watch: 'true', timeoutSeconds: '1' }
  const answer = http.send('GET', '/api/v1/secrets', undefined, { headers, query })
  const [started] = await eventsOf('a-watch', 1)
  assert.deepEqual(
    [started.stage, started.verb, started.responseStatus.code],
    ['ResponseStarted', 'watch', 200],
  )
  await answer
  const [, ended] = await eventsOf('a-watch', 2)
  assert.equal(ended.stage, 'ResponseComplete')
  assert.ok(ended.stageTimestamp > started.stageTimestamp)
})

test('proxies on the way are told before the other end of the connection', async () => {
  const event = await recorded('DELETE', `${MAPS}/none`, undefined, {
    headers: { 'x-forwarded-for': '192.0.2.7, nonsense, 2001:db8::1' },
  })
  assert.deepEqual(event.sourceIPs, ['192.0.2.7', '2001:db8::1', '127.0.0.1'])
})

const BODIES = '/api/v1/namespaces/bodies'

test('with bodies, what was sent and what was answered stand in the event as JSON, without managed fields', async () => {
  const event = await recorded('POST', `${BODIES}/configmaps`, configMap('b', { big: '9'.repeat(20) }))
  assert.equal(event.level, 'RequestResponse')
  assert.deepEqual(event.requestObject.data, { big: '9'.repeat(20) })
  assert.equal(event.responseObject.metadata.name, 'b')
  assert.ok(event.responseObject.metadata.uid)
  assert.equal(event.responseObject.metadata.managedFields, undefined)
})

test('a body in YAML is shown as JSON', async () => {
  const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yaml}\ndata: {a: "1"}\n'
  const sent = await recorded('POST', `${BODIES}/configmaps`, text, { contentType: 'application/yaml' })
  assert.deepEqual(sent.requestObject.data, { a: '1' })
})

test('a body in protobuf is shown as JSON, and so is the answer', async () => {
  const protobuf = 'application/vnd.kubernetes.protobuf'
  await http.send('POST', `${BODIES}/configmaps`, configMap('in-protobuf', { a: '1' }))
  const got = await plane.client.transport.request({
    method: 'GET',
    path: `${BODIES}/configmaps/in-protobuf`,
    headers: { accept: protobuf, 'audit-id': 'protobuf-read' },
  })
  const bytes = await got.buffer()
  const [read] = await eventsOf('protobuf-read', 1)
  assert.deepEqual(read.responseObject.data, { a: '1' })
  const written = await recorded('PUT', `${BODIES}/configmaps/in-protobuf`, bytes, { contentType: protobuf })
  assert.deepEqual(written.requestObject.data, { a: '1' })
  assert.equal(written.requestObject.kind, 'ConfigMap')
})

test('a patch is shown as it was sent, without the answer where only requests are wanted', async () => {
  const patch = { data: { a: '2' } }
  const contentType = 'application/merge-patch+json'
  const event = await recorded('PATCH', `${BODIES}/configmaps/yaml`, patch, { contentType })
  assert.equal(event.level, 'Request')
  assert.deepEqual(event.requestObject, patch)
  assert.equal(event.responseObject, undefined)
})

test('what is too large for an event is left out, and the event says so', async () => {
  const event = await recorded('POST', `${BODIES}/configmaps`, configMap('large', { a: 'x'.repeat(200_000) }))
  assert.equal(event.requestObject, undefined)
  assert.equal(event.responseObject, undefined)
  assert.equal(event.annotations['audit.k8s.io/truncated'], 'true')
})

const pod = (securityContext: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { generateName: 'p-' },
  spec: { containers: [{ name: 'c', image: 'i', securityContext }] },
})

test('a pod that breaks the level to be audited is admitted, and recorded as doing so', async () => {
  const event = await recorded('POST', '/api/v1/namespaces/pods/pods', pod({}))
  assert.equal(event.responseStatus.code, 201)
  assert.equal(event.annotations['pod-security.kubernetes.io/enforce-policy'], 'baseline:latest')
  assert.match(
    event.annotations['pod-security.kubernetes.io/audit-violations'],
    /^would violate PodSecurity "restricted:latest": /,
  )
  const refused = await recorded('POST', '/api/v1/namespaces/pods/pods', pod({ privileged: true }))
  assert.equal(refused.responseStatus.reason, 'Forbidden')
})

test('events are counted, and so are those that were lost', async () => {
  const { text } = await http.send('GET', '/metrics')
  assert.ok(Number(/^apiserver_audit_event_total (\d+)$/m.exec(text)?.[1]) >= events().length)
  assert.match(text, /^apiserver_audit_level_total\{level="RequestResponse"\} \d+$/m)
  assert.match(text, /^apiserver_audit_error_total\{plugin="log"\} 0$/m)
})

test('a restart goes on in the same log', async () => {
  const before = events().length
  await plane.restart()
  http = httpOf(plane)
  await recorded('POST', MAPS, configMap('after'))
  assert.ok(events().length > before)
})

async function fetchAnonymously(headers: Record<string, string>) {
  const { request } = await import('node:https')
  return new Promise<{ headers: Record<string, unknown> }>((resolve, reject) => {
    request(`${plane.plane.url}/api`, { ca: plane.plane.pki.ca.certificatePem, headers }, (response) => {
      response.resume()
      resolve({ headers: response.headers })
    })
      .on('error', reject)
      .end()
  })
}
