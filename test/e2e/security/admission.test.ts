// No way of writing gets past admission: levels of pods, quotas, limits, namespaces that go.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { configMap, httpOf } from '@brume/testkit/http'
import { grant, makeNamespace, mustCreate, personOf } from './people.ts'

const MERGE = { contentType: 'application/merge-patch+json' }
const STRATEGIC = { contentType: 'application/strategic-merge-patch+json' }
const DRY = { query: { dryRun: 'All' } }

let plane: TestControlPlane
before(async () => {
  plane = await startTestControlPlane()
})
after(() => plane.stop())

const privileged = { securityContext: { privileged: true } }
const pod = (name: string, spec: object = {}, container: object = {}) => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name } },
  spec: { containers: [{ name: 'c', image: 'i', ...container }], ...spec },
})

test('a level that pods must keep to is kept on every way to a pod', async () => {
  const http = httpOf(plane)
  await makeNamespace(plane, 'safe', { 'pod-security.kubernetes.io/enforce': 'baseline' })
  const path = '/api/v1/namespaces/safe/pods'
  await mustCreate(plane, path, pod('p'))
  const evil = { name: 'e', image: 'i', ...privileged }
  const apply = { contentType: 'application/apply-patch+yaml', query: { fieldManager: 'me', force: 'true' } }
  const { body: now } = await http.send('GET', `${path}/p`)
  const withEphemeral = { ...now, spec: { ...now.spec, ephemeralContainers: [evil] } }
  const refused: [string, string, object, object?][] = [
    ['POST', path, pod('q', {}, privileged)],
    ['POST', path, pod('q', { initContainers: [evil] })],
    ['POST', path, pod('q', { hostNetwork: true })],
    ['POST', path, pod('q', { hostPID: true })],
    ['POST', path, pod('q', { volumes: [{ name: 'v', hostPath: { path: '/' } }] })],
    ['POST', path, { ...pod('q', {}, privileged), metadata: { generateName: 'q-' } }],
    ['PATCH', `${path}/q`, pod('q', {}, privileged), apply],
    ['PUT', `${path}/p/ephemeralcontainers`, withEphemeral],
    ['PATCH', `${path}/p/ephemeralcontainers`, { spec: { ephemeralContainers: [evil] } }, STRATEGIC],
    ['PATCH', `${path}/p/ephemeralcontainers`, { spec: { ephemeralContainers: [evil] } }, MERGE],
  ]
  for (const [method, to, body, options] of refused) {
    const { status, text } = await http.send(method, to, body, options ?? {})
    assert.equal(status, 403, `${method} ${to} ${JSON.stringify(body)}: ${text}`)
    assert.match(text, /violates PodSecurity/)
  }
  // Other ways leave these fields alone, or do not know them.
  const harmless: [string, string, object, object?][] = [
    ['PUT', `${path}/p`, withEphemeral],
    ['PATCH', `${path}/p`, { spec: { hostNetwork: true } }, MERGE],
    ['PATCH', `${path}/p`, { spec: { containers: [{ name: 'c', ...privileged }] } }, STRATEGIC],
    ['PATCH', `${path}/p/status`, { spec: { hostNetwork: true, containers: [evil] } }, MERGE],
    ['PATCH', `${path}/p/resize`, { spec: { containers: [{ name: 'c', ...privileged }] } }, STRATEGIC],
    ['POST', `${path}/p/binding`, { target: { name: 'n' }, spec: { hostNetwork: true }, ...privileged }],
  ]
  for (const [method, to, body, options] of harmless) {
    const { status, text } = await http.send(method, to, body, options ?? {})
    assert.ok(status < 500, `${method} ${to}: ${text}`)
  }
  const { body: after } = await http.send('GET', `${path}/p`)
  assert.doesNotMatch(JSON.stringify(after.spec), /privileged|hostNetwork":true|ephemeralContainers/)
})

test('who may only edit pods cannot loosen the level', async () => {
  await grant(plane, {
    ...{ user: 'editor', namespace: 'safe' },
    rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['pods', 'configmaps'] }],
  })
  const editor = personOf(plane, 'editor')
  const labels = { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } }
  for (const path of ['/api/v1/namespaces/safe', '/api/v1/namespaces/safe/status']) {
    assert.equal((await editor.send('PATCH', path, labels, MERGE)).status, 403)
  }
})

const used = async (namespace: string) => {
  const { body } = await httpOf(plane).send('GET', `/api/v1/namespaces/${namespace}/resourcequotas/q`)
  return body.status?.used ?? {}
}

test('fifty creates at once take no more than the quota has, and dry runs and refusals take nothing', async () => {
  const http = httpOf(plane)
  await makeNamespace(plane, 'small')
  const path = '/api/v1/namespaces/small'
  await mustCreate(plane, `${path}/resourcequotas`, {
    ...{ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' } },
    spec: { hard: { 'count/configmaps': '8', pods: '3', 'requests.cpu': '1' } },
  })
  const many = (make: (i: number) => Promise<{ status: number; text: string }>) =>
    Promise.all(Array.from({ length: 50 }, (_, i) => make(i)))
  const dry = await many((i) => http.send('POST', `${path}/configmaps`, configMap(`dry${i}`), DRY))
  assert.ok(dry.some(({ status }) => status === 201))
  const invalid = await many((i) => http.send('POST', `${path}/configmaps`, configMap(`Bad_${i}`)))
  assert.ok(invalid.every(({ status }) => status === 422))
  // One is the certificate of the API, which every namespace has.
  await eventually('the namespace has its first map', async () => {
    const { body } = await http.send('GET', `${path}/configmaps`)
    return body.items.length === 1
  })
  const real = await many((i) => http.send('POST', `${path}/configmaps`, configMap(`real${i}`)))
  const made = real.filter(({ status }) => status === 201).length
  assert.equal(made, 7, real.find(({ status }) => status !== 201)?.text)
  const refused = real.filter(({ status }) => status !== 201)
  assert.ok(refused.every(({ status, text }) => status === 403 && text.includes('exceeded quota: q')))
  const requests = { resources: { requests: { cpu: '400m' } } }
  const pods = await many((i) => http.send('POST', `${path}/pods`, pod(`p${i}`, {}, requests)))
  assert.equal(pods.filter(({ status }) => status === 201).length, 2)
  const apply = { contentType: 'application/apply-patch+yaml', query: { fieldManager: 'me' } }
  assert.equal(
    (await http.send('PATCH', `${path}/configmaps/applied`, configMap('applied'), apply)).status,
    403,
  )
  await eventually('the status follows', async () => (await used('small'))['count/configmaps'] === '8')
  // A quota cannot be talked up by who may write only objects, and a status is no quota.
  const status = { status: { used: { 'count/configmaps': '0' }, hard: { 'count/configmaps': '99' } } }
  await http.send('PATCH', `${path}/resourcequotas/q/status`, status, MERGE)
  assert.equal((await http.send('POST', `${path}/configmaps`, configMap('more'))).status, 403)
})

test('limits hold for init containers too', async () => {
  const http = httpOf(plane)
  await makeNamespace(plane, 'limited')
  const path = '/api/v1/namespaces/limited'
  await mustCreate(plane, `${path}/limitranges`, {
    ...{ apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'l' } },
    spec: { limits: [{ type: 'Container', max: { cpu: '1' }, default: { cpu: '500m' } }] },
  })
  const big = { name: 'b', image: 'i', resources: { limits: { cpu: '2' } } }
  for (const spec of [
    { initContainers: [big] },
    { containers: [big] },
    { initContainers: [{ ...big, restartPolicy: 'Always' }] },
  ]) {
    const { status, text } = await http.send('POST', `${path}/pods`, pod('p', spec))
    assert.equal(status, 403, text)
    assert.match(text, /maximum cpu usage per Container is 1/)
  }
  const { body } = await mustCreate(plane, `${path}/pods`, pod('p'))
  const raise = {
    spec: { containers: [{ name: 'c', resources: { limits: { cpu: '9' }, requests: { cpu: '9' } } }] },
  }
  const resized = await http.send('PATCH', `${path}/pods/p/resize`, raise, STRATEGIC)
  assert.ok(resized.status === 403 || resized.status === 422, resized.text)
  assert.equal(body.spec.containers[0].resources.limits.cpu, '500m')
})

test('nothing new comes into a namespace that is going, and the last ones leave by their own rules', async () => {
  const http = httpOf(plane)
  await makeNamespace(plane, 'going')
  const path = '/api/v1/namespaces/going'
  const held = configMap('held', {}, { finalizers: ['example.com/hold'] })
  await mustCreate(plane, `${path}/configmaps`, held)
  assert.equal((await http.send('DELETE', path)).status, 200)
  const apply = { contentType: 'application/apply-patch+yaml', query: { fieldManager: 'me' } }
  const refused: [string, string, object, object?][] = [
    ['POST', `${path}/configmaps`, configMap('new')],
    ['PATCH', `${path}/configmaps/new`, configMap('new'), apply],
    ['POST', `${path}/pods`, pod('p')],
    ['POST', `${path}/serviceaccounts`, { metadata: { name: 'new' } }],
  ]
  for (const [method, to, body, options] of refused) {
    const { status, text } = await http.send(method, to, body, options ?? {})
    assert.equal(status, 403, `${method} ${to}: ${text}`)
    assert.match(text, /because it is being terminated/)
  }
  // A namespace does not stop going, nor go before its objects.
  const revive = { metadata: { deletionTimestamp: null }, status: { phase: 'Active' } }
  await http.send('PATCH', path, revive, MERGE)
  await http.send('PATCH', `${path}/status`, revive, MERGE)
  const { body: still } = await http.send('GET', path)
  assert.ok(still.metadata.deletionTimestamp)
  await eventually('what is held is going too', async () => {
    const { body } = await http.send('GET', `${path}/configmaps/held`)
    return body.metadata.deletionTimestamp !== undefined
  })
  const more = { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } }
  assert.equal((await http.send('PATCH', `${path}/configmaps/held`, more, MERGE)).status, 422)
  await http.send('PATCH', `${path}/configmaps/held`, { metadata: { finalizers: null } }, MERGE)
  await eventually('the namespace is gone', async () => (await http.send('GET', path)).status === 404)
})
