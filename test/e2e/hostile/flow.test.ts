// One user takes every seat of a level and more: the others of the level come to be served in between, those of other levels
// at once.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { grantEverybody, type Http, httpOf } from '@brume/testkit/http'
import { openWire } from './wire.ts'

const SEATS = 20
/** Three times what the level can use. */
const FLOOD = 30
const PATH = '/api/v1/namespaces/default/configmaps'
const LIMIT = { timeout: 60_000 }

let plane: TestControlPlane
let http: Http

before(async () => {
  plane = await startTestControlPlane({ limits: { seats: SEATS } })
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

const list = (name: string) => http.send('GET', PATH, undefined, { headers: { 'impersonate-user': name } })

test(
  'who floods the server waits behind themselves, and others of the level come in between',
  LIMIT,
  async () => {
    const wires = await Promise.all(
      Array.from({ length: FLOOD }, () => openWire(plane, { protocol: 'http/1.1' })),
    )
    const head = [
      'host: x',
      'impersonate-user: flooder',
      'content-type: application/json',
      'content-length: 100',
    ]
    for (const wire of wires) wire.send(`POST ${PATH} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n{`)
    const all = () => Promise.all([figure('current_executing_requests'), figure('current_inqueue_requests')])
    const [executing, waiting] = await eventually('the flood is in', async () => {
      const [executing, waiting] = await all()
      return executing + waiting === FLOOD && ([executing, waiting] as const)
    })
    assert.ok(executing < SEATS, 'the level does not have all seats')
    assert.ok(waiting > executing, 'more wait than are worked on')
    let answered: number | undefined
    const anna = list('anna').then(({ status }) => {
      answered = status
    })
    await eventually('anna waits', async () => (await figure('current_inqueue_requests')) === waiting + 1)
    // Other levels do not notice.
    const elsewhere = await list('system:serviceaccount:default:robot')
    assert.equal(elsewhere.status, 200)
    assert.equal(answered, undefined)
    let gone = 0
    for (const wire of wires) {
      if (answered !== undefined) break
      wire.reset()
      gone++
      await eventually('the flood has noticed', async () => {
        const [executing, waiting] = await all()
        return answered !== undefined || executing + waiting <= FLOOD + 1 - gone
      })
    }
    await anna
    assert.equal(answered, 200)
    const left = await figure('current_inqueue_requests')
    assert.ok(
      left >= waiting / 2,
      `she came long before the flood was through: ${left} of ${waiting} still wait`,
    )
    for (const wire of wires) wire.reset()
    await eventually('all is free again', async () => (await all()).every((count) => count === 0))
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
