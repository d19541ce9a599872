import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isStatus, StatusError } from '@brume/base/errors'
import { CONFIG_MAPS, NODES, PODS } from './builtin.ts'
import { Client } from './client.ts'
import { fakeClock } from './testing/fake-clock.ts'
import {
  FedWatch,
  jsonResponse,
  pod,
  type Script,
  ScriptedTransport,
  statusResponse,
} from './testing/scripted-transport.ts'
import { parseWarning } from './warning.ts'

function harness(script: Script) {
  const clock = fakeClock()
  const transport = new ScriptedTransport(script)
  const warnings: string[] = []
  const client = new Client({ transport, clock, onWarning: (text) => warnings.push(text) })
  return { clock, transport, client, warnings }
}

describe('client', () => {
  it('asks the paths and media types of the Kubernetes API', async () => {
    const { client, transport } = harness(() => jsonResponse(200, pod('a', 1)))
    const pods = client.resource(PODS)
    await pods.get({ namespace: 'ns', name: 'a/b' })
    await pods.create(pod('a', 1), { fieldManager: 'me', dryRun: true })
    await pods.update(pod('a', 1))
    await pods.updateStatus(pod('a', 1))
    await pods.patch({ namespace: 'ns', name: 'a' }, { type: 'merge', body: {} })
    await pods.patch({ namespace: 'ns', name: 'a' }, { type: 'json', body: [], subresource: 'status' })
    await pods.apply(pod('a', 1), { fieldManager: 'me', force: true })
    await pods.delete(
      { namespace: 'ns', name: 'a' },
      { preconditions: { uid: 'u' }, propagationPolicy: 'Orphan' },
    )
    await pods.deleteCollection({ namespace: 'ns', labelSelector: 'a=b' })
    await client.resource(NODES).metadata().get({ name: 'n' })
    await client.resource(CONFIG_MAPS).list({ limit: 5 })
    assert.deepEqual(
      transport.requests.map(({ method, url }) => `${method} ${url}`),
      [
        'GET /api/v1/namespaces/ns/pods/a%2Fb',
        'POST /api/v1/namespaces/ns/pods?fieldManager=me&dryRun=All',
        'PUT /api/v1/namespaces/ns/pods/a',
        'PUT /api/v1/namespaces/ns/pods/a/status',
        'PATCH /api/v1/namespaces/ns/pods/a',
        'PATCH /api/v1/namespaces/ns/pods/a/status',
        'PATCH /api/v1/namespaces/ns/pods/a?fieldManager=me&force=true',
        'DELETE /api/v1/namespaces/ns/pods/a',
        'DELETE /api/v1/namespaces/ns/pods?labelSelector=a%3Db',
        'GET /api/v1/nodes/n',
        'GET /api/v1/configmaps?limit=5',
      ],
    )
    const type = (i: number) => transport.requests[i]!.headers!['content-type']
    assert.equal(type(4), 'application/merge-patch+json')
    assert.equal(type(5), 'application/json-patch+json')
    assert.equal(type(6), 'application/apply-patch+yaml')
    assert.deepEqual(transport.requests[7]!.json, {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      preconditions: { uid: 'u' },
      propagationPolicy: 'Orphan',
    })
    assert.match(transport.requests[9]!.headers!['accept']!, /as=PartialObjectMetadata;/)
    assert.match(transport.requests[0]!.headers!['user-agent']!, /^brume\/\d/)
  })

  it("gives a refusal as the server's own StatusError", async () => {
    const { client } = harness(() => statusResponse(409, 'AlreadyExists', 'pods "a" already exists'))
    const error = await client
      .resource(PODS)
      .create(pod('a', 1))
      .catch((e) => e)
    assert.ok(isStatus(error, 'AlreadyExists'))
    assert.equal(error.message, 'pods "a" already exists')
  })

  it('gives an answer that is no Status as the reason of its code', async () => {
    const { client } = harness(() => ({ ...jsonResponse(503, 'proxy says no') }))
    const error = await client
      .resource(PODS)
      .list()
      .catch((e) => e)
    assert.ok(error instanceof StatusError)
    assert.equal(error.reason, 'ServiceUnavailable')
    assert.match(error.message, /proxy says no/)
  })

  it('sends again after Retry-After, at most five times', async () => {
    const busy = statusResponse(429, 'TooManyRequests', 'busy', { 'retry-after': '2' })
    let left = 2
    const { client, transport, clock } = harness(() =>
      left-- > 0 ? { ...busy, buffer: async () => Buffer.from('{}') } : jsonResponse(200, pod('a', 1)),
    )
    const answer = client.resource(PODS).get({ namespace: 'ns', name: 'a' })
    await clock.advance(1999)
    assert.equal(transport.requests.length, 1)
    await clock.advance(2001)
    assert.equal((await answer).metadata.name, 'a')
    left = 100
    const refused = client
      .resource(PODS)
      .get({ namespace: 'ns', name: 'a' })
      .catch((e) => e)
    await clock.advance(60_000)
    assert.ok(isStatus(await refused, 'TooManyRequests'))
    assert.equal(transport.requests.length, 3 + 6)
  })

  it('does not send again what was refused without Retry-After', async () => {
    const { client, transport } = harness(() => statusResponse(429, 'TooManyRequests', 'disruption budget'))
    await assert.rejects(client.resource(PODS).get({ namespace: 'ns', name: 'a' }), /disruption budget/)
    assert.equal(transport.requests.length, 1)
  })

  it('hands on the texts of Warning headers', async () => {
    const header = ['299 - "first \\"quoted\\"", 299 - "second"', '199 - "other code"']
    const { client, warnings } = harness(() => jsonResponse(200, pod('a', 1), { warning: header }))
    await client.resource(PODS).get({ namespace: 'ns', name: 'a' })
    assert.deepEqual(warnings, ['first "quoted"', 'second'])
    assert.deepEqual(parseWarning('299 - "cut off'), [])
  })

  it('gives integers beyond the safe range exactly, and sends them back exactly', async () => {
    const body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"big":9007199254740993}'
    const { client, transport } = harness(() => ({
      ...jsonResponse(200, {}),
      buffer: async () => Buffer.from(body),
    }))
    const object = await client.resource(CONFIG_MAPS).get({ name: 'a' })
    assert.equal(object['big'], 9007199254740993n)
    await client.resource(CONFIG_MAPS).update(object)
    assert.match(String(transport.requests[1]!.body), /"big":9007199254740993[,}]/)
  })

  it('reads watch events however the bytes are cut', async () => {
    const watch = new FedWatch()
    const { client } = harness(() => watch.response())
    const text = `${JSON.stringify({ type: 'ADDED', object: pod('é', 1) })}\n${JSON.stringify({ type: 'DELETED', object: pod('b', 2) })}\n`
    const bytes = Buffer.from(text)
    for (let i = 0; i < bytes.length; i += 7) watch.bytes(bytes.subarray(i, i + 7))
    watch.end()
    const seen: string[] = []
    for await (const { type, object } of await client.resource(PODS).watch()) {
      seen.push(`${type} ${object.metadata.name}`)
    }
    assert.deepEqual(seen, ['ADDED é', 'DELETED b'])
  })

  it('reports a watch that ends inside an event as a lost connection', async () => {
    const watch = new FedWatch().bytes('{"type":"ADDED","object":{"meta').end()
    const { client } = harness(() => watch.response())
    const events = await client.resource(PODS).watch()
    await assert.rejects(events.next(), { name: 'TransportError', code: 'ConnectionLost' })
  })

  it('finds a kind by aggregated discovery, and asks again for one that it does not know', async () => {
    let crds = false
    const group = (name: string, resource: string, kind: string) => ({
      metadata: { name },
      versions: [
        {
          version: 'v1',
          resources: [{ resource, responseKind: { kind }, scope: 'Namespaced', verbs: ['get'] }],
        },
      ],
    })
    const { client, transport } = harness(({ path }) => {
      const items =
        path === '/api' ? [group('', 'pods', 'Pod')] : crds ? [group('x.io', 'things', 'Thing')] : []
      return jsonResponse(200, { kind: 'APIGroupDiscoveryList', items })
    })
    assert.equal((await client.discovery.findKind('v1', 'Pod')).plural, 'pods')
    await assert.rejects(client.discovery.findKind('x.io/v1', 'Thing'), /no matches for kind "Thing"/)
    crds = true
    assert.equal((await client.resourceFor({ apiVersion: 'x.io/v1', kind: 'Thing' })).ref.plural, 'things')
    assert.equal((await client.resourceFor({ apiVersion: 'x.io/v1', kind: 'Thing' })).ref.namespaced, true)
    assert.equal(transport.requests.length, 6)
  })

  it('falls back to plain discovery, one failing group apart', async () => {
    const list = (name: string, kind: string) => ({
      kind: 'APIResourceList',
      resources: [
        { name, kind, namespaced: true, verbs: ['list'] },
        { name: `${name}/status`, kind, namespaced: true, verbs: ['get'] },
      ],
    })
    const answers: Record<string, unknown> = {
      '/api': { kind: 'APIVersions', versions: ['v1'] },
      '/apis': {
        kind: 'APIGroupList',
        groups: [
          {
            name: 'apps',
            versions: [{ groupVersion: 'apps/v1beta1' }, { groupVersion: 'apps/v1' }],
            preferredVersion: { groupVersion: 'apps/v1' },
          },
          { name: 'bad', versions: [{ groupVersion: 'bad/v1' }] },
        ],
      },
      '/api/v1': list('pods', 'Pod'),
      '/apis/apps/v1': list('deployments', 'Deployment'),
      '/apis/apps/v1beta1': list('deployments', 'Deployment'),
    }
    const { client } = harness(({ path }) =>
      answers[path] === undefined
        ? statusResponse(503, 'ServiceUnavailable', 'down')
        : jsonResponse(200, answers[path]),
    )
    const { resources, failures } = await client.discovery.resources()
    assert.deepEqual(
      resources.map((r) => [r.group, r.version, r.plural, r.preferred, r.subresources.join()]),
      [
        ['', 'v1', 'pods', true, 'status'],
        ['apps', 'v1', 'deployments', true, 'status'],
        ['apps', 'v1beta1', 'deployments', false, 'status'],
      ],
    )
    assert.deepEqual([...failures.keys()], ['bad/v1'])
  })
})
