// One user takes every seat of a level and more: the others of the level come to be served in between, those of other levels
// at once. Slow bodies and slow readers take no seats.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { RECEIVING_LIMITS } from '@brume/apiserver/flow/receiving'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { grantEverybody, type Http, httpOf } from '@brume/testkit/http'
import { heldCommits } from './held-commits.ts'
import { openWire, type Wire } from './wire.ts'

const SEATS = 20
/** Three times what the level can use. */
const FLOOD = 30
const PATH = '/api/v1/namespaces/default/configmaps'
const LIMIT = { timeout: 60_000 }

let plane: TestControlPlane
let http: Http
const commits = heldCommits()

before(async () => {
  plane = await startTestControlPlane({ limits: { seats: SEATS }, faults: commits.faults })
  http = httpOf(plane)
  await grantEverybody(http, 'edit')
})
after(() => plane.stop())

async function figure(name: string): Promise<number> {
  const { text } = await http.send('GET', '/metrics')
  const found = new RegExp(
    `^apiserver_flowcontrol_${name}\\{priority_level="global-default"\\} (\\d+)$`,
    'm',
  ).exec(text)
  return Number(found?.[1])
}

async function bodies(state: 'receiving' | 'waiting'): Promise<number> {
  const { text } = await http.send('GET', '/metrics')
  return Number(new RegExp(`^brume_request_bodies\\{state="${state}"\\} (\\d+)$`, 'm').exec(text)?.[1])
}

const list = (name: string) => http.send('GET', PATH, undefined, { headers: { 'impersonate-user': name } })

/** Requests whose bodies never end. */
async function sendSlowly(user: string, count: number): Promise<Wire[]> {
  const wires = await Promise.all(
    Array.from({ length: count }, () => openWire(plane, { protocol: 'http/1.1' })),
  )
  const head = [
    'host: x',
    `impersonate-user: ${user}`,
    'content-type: application/json',
    'content-length: 100',
  ]
  for (const wire of wires) wire.send(`POST ${PATH} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n{`)
  return wires
}

const create = (user: string, name: string) => {
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } }
  return http.send('POST', PATH, map, { headers: { 'impersonate-user': user } })
}

const atWork = () => Promise.all([figure('current_executing_requests'), figure('current_inqueue_requests')])

test('slow bodies hold no seats: others of the level read and write meanwhile', LIMIT, async () => {
  const wires = await sendSlowly('slowpoke', FLOOD)
  await eventually('the bodies are under way', async () => (await bodies('receiving')) === FLOOD)
  assert.deepEqual(await atWork(), [0, 0])
  assert.equal((await list('anna')).status, 200)
  assert.equal((await create('anna', 'quick')).status, 201)
  // What has arrived after all is worked on.
  const rest = JSON.stringify({ metadata: { name: 'slow' } })
    .slice(1)
    .padEnd(99)
  wires[0]!.send(rest)
  await wires[0]!.until('an answer', (received) => received.includes('HTTP/1.1 201'))
  for (const wire of wires) wire.reset()
  await eventually('all is free again', async () => (await bodies('receiving')) === 0)
})

test('slow bodies beyond the room of their user wait, and of others are received', LIMIT, async () => {
  const { bodies: room } = RECEIVING_LIMITS.ofUser
  const wires = await sendSlowly('slowpoke', room + 5)
  await eventually('the room of the user is taken', async () => {
    return (await bodies('receiving')) === room && (await bodies('waiting')) === 5
  })
  assert.equal((await create('anna', 'quick-too')).status, 201)
  wires[0]!.reset()
  await eventually('the next is received', async () => (await bodies('waiting')) < 5)
  for (const wire of wires) wire.reset()
  await eventually('all is free again', async () => (await bodies('receiving')) === 0)
})

test(
  'who floods the server waits behind themselves, and others of the level come in between',
  LIMIT,
  async () => {
    commits.hold()
    const flood = Array.from({ length: FLOOD }, (_, n) => create('flooder', `flood-${n}`))
    const [executing, waiting] = await eventually('the flood is in', async () => {
      const [executing, waiting] = await atWork()
      return executing + waiting === FLOOD && ([executing, waiting] as const)
    })
    assert.ok(executing < SEATS, 'the level does not have all seats')
    assert.ok(waiting > executing, 'more wait than are worked on')
    let answered: number | undefined
    const anna = list('anna').then(({ status }) => {
      answered = status
    })
    await eventually('anna waits', async () => (await atWork())[1] === waiting + 1)
    // Other levels do not notice.
    const elsewhere = await list('system:serviceaccount:default:robot')
    assert.equal(elsewhere.status, 200)
    assert.equal(answered, undefined)
    // Whose writes are durable make room, for her too, and the next of the flood are held as those were.
    commits.letOn()
    await anna
    assert.equal(answered, 200)
    const [, left] = await atWork()
    assert.ok(left > 0, `she came before the flood was through: ${left} of ${waiting} still wait`)
    commits.release()
    for (const { status } of await Promise.all(flood)) assert.equal(status, 201)
    await eventually('all is free again', async () => (await atWork()).every((count) => count === 0))
  },
)

test(
  'who asks for much and does not read it has no seat for long, and others are answered',
  LIMIT,
  async () => {
    // More than the buffers of a connection take.
    const filler = 'x'.repeat(1_000_000)
    for (let i = 0; i < 12; i++) {
      const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `large-${i}` }, data: { filler } }
      assert.equal((await http.send('POST', PATH, map)).status, 201)
    }
    const executing = () => figure('current_executing_requests')
    const wires = await Promise.all(
      Array.from({ length: FLOOD }, () => openWire(plane, { protocol: 'http/1.1' })),
    )
    for (const { socket, send } of wires) {
      socket.pause()
      send(`GET ${PATH} HTTP/1.1\r\nhost: x\r\nimpersonate-user: hog\r\n\r\n`)
    }
    await eventually('the seats of the level are taken', async () => (await executing()) > 1)
    assert.equal((await list('anna')).status, 200)
    await eventually('no answer has a seat, and none is cut', async () => (await executing()) === 0)
    assert.ok(wires.every((wire) => !wire.isClosed()))
    for (const wire of wires) wire.reset()
  },
)
