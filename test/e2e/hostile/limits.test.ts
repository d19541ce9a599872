// What clients may make the server hold, and what it says when that is all.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { EVERYTHING } from '@brume/api/bootstrap/flow-control'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { configMap, type Http, httpOf } from '@brume/testkit/http'
import { heldCommits } from './held-commits.ts'
import { openSession, type Session } from './session.ts'
import { isWell } from './wire.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
/** Of jane: her level's share of all seats. */
const PLACES = 5
const SEATS = 40
const FLOW_CONTROL = '/apis/flowcontrol.apiserver.k8s.io/v1'
const CONNECTIONS = 30
const WATCHERS = 60
const MIB = 1024 * 1024
const JANE = { 'impersonate-user': 'jane' }

let plane: TestControlPlane
let http: Http
let jane: Session
const commits = heldCommits()

before(async () => {
  plane = await startTestControlPlane({
    faults: commits.faults,
    limits: {
      watchers: WATCHERS,
      seats: SEATS,
      listener: { connections: CONNECTIONS, stalledMs: 3_000, handshakeMs: 700, bodyMs: 20_000 },
    },
  })
  http = httpOf(plane)
  const bound = await http.send('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'jane' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
  })
  assert.equal(bound.status, 201)
  const limited = {
    nominalConcurrencyShares: 30,
    lendablePercent: 0,
    borrowingLimitPercent: 0,
    limitResponse: { type: 'Reject' },
  }
  const janes = [{ subjects: [{ kind: 'User', user: { name: 'jane' } }], ...EVERYTHING }]
  for (const [path, spec] of [
    ['prioritylevelconfigurations', { type: 'Limited', limited }],
    ['flowschemas', { priorityLevelConfiguration: { name: 'jane' }, matchingPrecedence: 50, rules: janes }],
  ] as const) {
    const made = await http.send('POST', `${FLOW_CONTROL}/${path}`, { metadata: { name: 'jane' }, spec })
    assert.equal(made.status, 201, made.text)
  }
  jane = await openSession(plane, { headers: JANE })
})
after(async () => {
  jane.close()
  await plane.stop()
})

test('a body of more than 3 MiB is 413, one of nearly that is stored, listed and watched', async () => {
  const large = configMap('large', { a: 'x'.repeat(1_000_000) })
  assert.equal((await http.send('POST', CONFIG_MAPS, large)).status, 201)
  const tooLarge = await http.send('POST', CONFIG_MAPS, configMap('larger', { a: 'x'.repeat(3 * MIB) }))
  assert.equal(tooLarge.status, 413)
  assert.equal(tooLarge.body.reason, 'RequestEntityTooLarge')
  const revision = {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: { name: 'nearly' },
    revision: 1,
    data: { a: 'x'.repeat(3 * MIB - 2_000) },
  }
  const path = '/apis/apps/v1/namespaces/default/controllerrevisions'
  const made = await http.send('POST', path, revision)
  assert.equal(made.status, 201, made.text.slice(0, 300))
  const list = await http.send('GET', path)
  assert.equal(list.body.items[0].data.a.length, 3 * MIB - 2_000)
  const { stream, status } = await jane.open({ method: 'GET', path: `${path}?watch=1` })
  assert.equal(status, 200)
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  await eventually('the large event', () => bytes > 3 * MIB - 2_000)
  stream.close()
})

test('an object cannot be patched beyond what the server can hold', async () => {
  assert.equal(
    (
      await http.send('POST', '/apis/apps/v1/namespaces/default/controllerrevisions', {
        apiVersion: 'apps/v1',
        kind: 'ControllerRevision',
        metadata: { name: 'grows' },
        revision: 1,
        data: {},
      })
    ).status,
    201,
  )
  const path = '/apis/apps/v1/namespaces/default/controllerrevisions/grows'
  const statuses: number[] = []
  for (let i = 0; i < 5 && statuses.at(-1) !== 413; i++) {
    // Data cannot be changed any more, annotations are few: what is left to grow are labels' sisters, the finalizers.
    const patch = { metadata: { annotations: { [`a${i}`]: 'x'.repeat(200_000) } } }
    const contentType = 'application/merge-patch+json'
    statuses.push((await http.send('PATCH', path, patch, { contentType })).status)
  }
  assert.ok(
    statuses.every((status) => [200, 413, 422].includes(status)),
    statuses.join(),
  )
  assert.ok(statuses.at(-1)! > 400, 'annotations have a limit')
})

test('a document nested too deeply is refused in every encoding, by every verb', async () => {
  const deep = (open: string, close: string, levels: number) =>
    `${open.repeat(levels)}1${close.repeat(levels)}`
  for (const levels of [1_001, 20_000, 500_000]) {
    const texts: readonly [string, string][] = [
      ['application/json', `{"data":${deep('[', ']', levels)}}`],
      ['application/json', `{"data":${deep('{"a":', '}', levels)}}`],
      ['application/yaml', `data: ${deep('[', ']', levels)}`],
      ['application/yaml', `data: ${deep('{a: ', '}', Math.min(levels, 100_000))}`],
    ]
    for (const [contentType, text] of texts) {
      const { status, body } = await http.send('POST', CONFIG_MAPS, text, { contentType })
      assert.equal(status, 400, `${levels} ${contentType}`)
      assert.equal(body.reason, 'BadRequest')
    }
    const patch = `[{"op":"add","path":"/data","value":${deep('[', ']', levels)}}]`
    const patched = await http.send('PATCH', `${CONFIG_MAPS}/large`, patch, {
      contentType: 'application/json-patch+json',
    })
    assert.ok([400, 422].includes(patched.status), `${patched.status}`)
  }
})

test('selectors of any length are read in the time they are long', async () => {
  const many = Array.from({ length: 3_000 }, (_, i) => `k${i}!=v`).join(',')
  const one = `a in (${Array.from({ length: 5_000 }, (_, i) => `v${i}`).join(',')})`
  const open = `${'('.repeat(5_000)}`
  const spaces = `a${' '.repeat(20_000)}in${' '.repeat(20_000)}(b)`
  for (const selector of [many, one, open, spaces, ','.repeat(10_000), '!'.repeat(10_000)]) {
    for (const parameter of ['labelSelector', 'fieldSelector']) {
      const path = `${CONFIG_MAPS}?${parameter}=${encodeURIComponent(selector).slice(0, 50_000)}`
      const { status } = await jane.ask({ method: 'GET', path })
      assert.ok([200, 400].includes(status), `${status}`)
    }
  }
})

test('five thousand fields are owned, and given back, one by one', async () => {
  const data = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`k${i}`, 'v']))
  const options = { query: { fieldManager: 'many' }, contentType: 'application/apply-patch+yaml' }
  const path = `${CONFIG_MAPS}/many`
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'many' } }
  assert.equal((await http.send('PATCH', path, { ...body, data }, options)).status, 201)
  const emptied = await http.send('PATCH', path, body, options)
  assert.equal(emptied.status, 200)
  assert.deepEqual(Object.keys(emptied.body.data ?? {}), [])
})

test('requests beyond the places of their level are 429 with Retry-After, and nobody else is held up', async () => {
  const post = (name: string) => ({
    method: 'POST',
    path: CONFIG_MAPS,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(configMap(name)),
  })
  commits.hold()
  const begun = Array.from({ length: PLACES }, (_, n) => jane.ask(post(`early-${n}`)))
  await eventually('the places to be taken', async () => {
    const { text } = await http.send('GET', '/metrics')
    return text.includes(`current_executing_requests{priority_level="jane"} ${PLACES}\n`)
  })
  const refused = await jane.ask(post('late'))
  assert.equal(refused.status, 429)
  assert.equal(refused.headers['retry-after'], '1')
  const status = JSON.parse(refused.body.toString())
  assert.deepEqual([status.reason, status.details.retryAfterSeconds], ['TooManyRequests', 1])
  // Others have places of their own, and administrators need none.
  const eve = await http.send('GET', '/apis', undefined, { headers: { 'impersonate-user': 'eve' } })
  assert.equal(eve.status, 200)
  assert.equal((await http.send('GET', CONFIG_MAPS)).status, 200)
  commits.release()
  for (const { status } of await Promise.all(begun)) assert.equal(status, 201)
  await eventually('a free place', async () => (await jane.ask(post('in-time'))).status === 201)
})

test('a large answer takes its place until it is read', async () => {
  const slow = await openSession(plane, { headers: JANE, settings: { initialWindowSize: 0 } })
  const list = { method: 'GET', path: '/apis/apps/v1/namespaces/default/controllerrevisions' }
  const held = await Promise.all(Array.from({ length: PLACES }, () => slow.open(list)))
  assert.deepEqual(
    held.map(({ status }) => status),
    Array(PLACES).fill(200),
  )
  assert.equal((await jane.ask(list)).status, 429)
  slow.close()
  await eventually('the places to be free', async () => (await jane.ask(list)).status === 200)
})

test('watches beyond the limit are 429 with Retry-After', async () => {
  const watch = { method: 'GET', path: `${CONFIG_MAPS}?watch=1` }
  const open = await Promise.all(Array.from({ length: WATCHERS }, () => jane.open(watch)))
  assert.ok(open.every(({ status }) => status === 200))
  const refused = await jane.ask(watch)
  assert.equal(refused.status, 429)
  assert.equal(refused.headers['retry-after'], '5')
  // Administrators watch all the same.
  const admin = await openSession(plane)
  assert.equal((await admin.open(watch)).status, 200)
  admin.close()
  for (const { stream } of open) stream.close()
  const room = await eventually('room for a watch', async () => {
    const again = await jane.open(watch)
    return again.status === 200 && again
  })
  room.stream.close()
})

test('a watcher that never reads is dropped and its memory freed, while others get every event', async () => {
  const reader = await jane.open({
    method: 'GET',
    path: `${CONFIG_MAPS}?watch=1&resourceVersion=${plane.plane.store.revision}`,
  })
  let events = 0
  reader.stream.on('data', (chunk: Buffer) => {
    for (const byte of chunk) if (byte === 10) events++
  })
  const deaf = await openSession(plane, { headers: JANE, settings: { initialWindowSize: 0 } })
  const deafWatches = await Promise.all(
    // Each with a selector of its own, so that nothing is shared.
    Array.from({ length: 20 }, (_, i) =>
      deaf.open({ method: 'GET', path: `${CONFIG_MAPS}?watch=1&labelSelector=x!=${i}` }),
    ),
  )
  const before = process.memoryUsage().rss
  let cut = 0
  for (const { stream } of deafWatches) stream.on('error', () => {}).on('close', () => cut++)
  const rounds = 40
  for (let i = 0; i < rounds; i++) {
    const { status } = await http.send(
      'PUT',
      `${CONFIG_MAPS}/large`,
      configMap('large', { a: `${i}${'y'.repeat(900_000)}` }),
    )
    assert.equal(status, 200)
  }
  await eventually('the deaf to be dropped', () => cut === deafWatches.length)
  await eventually('every event for who listens', () => events === rounds)
  const grown = process.memoryUsage().rss - before
  assert.ok(grown < 250 * MIB, `memory grew by ${grown >> 20} MiB`)
  reader.stream.close()
  deaf.close()
})

test('handshakes that never end are ended, and connections beyond the limit wait for nobody', async () => {
  const { createConnection } = await import('node:net')
  const sockets = Array.from({ length: CONNECTIONS + 10 }, () =>
    createConnection(plane.plane.port, '127.0.0.1'),
  )
  let closed = 0
  for (const socket of sockets) socket.on('error', () => {}).on('close', () => closed++)
  // Those who were in before go on.
  assert.equal((await http.send('GET', '/version')).status, 200)
  await eventually('all of them to be ended', () => closed === sockets.length)
  assert.ok(await isWell(plane))
})
