import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { RawEvent } from '@brume/client/transport'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { configMap, httpOf } from '@brume/testkit/http'
import { SYSTEM_USER } from './identity.ts'
import { inProcessTransport } from './in-process-transport.ts'

const PATH = '/api/v1/namespaces/default/configmaps'
const LARGE = 4
const TEXT = 'x'.repeat(700_000)

let plane: TestControlPlane

before(async () => {
  plane = await startTestControlPlane()
  const http = httpOf(plane)
  for (let n = 0; n < LARGE; n++) {
    const { status } = await http.send('POST', PATH, configMap(`large-${n}`, { text: TEXT }))
    assert.equal(status, 201)
  }
})
after(() => plane.stop())

test('a watch brings all of a large first state', { timeout: 20_000 }, async () => {
  const transport = inProcessTransport(plane.plane.server, SYSTEM_USER)
  const query = {
    watch: 'true',
    sendInitialEvents: 'true',
    resourceVersionMatch: 'NotOlderThan',
    allowWatchBookmarks: 'true',
  }
  const response = await transport.request({ method: 'GET', path: PATH, query })
  let text = ''
  for await (const chunk of response.body) {
    text += chunk
    if (text.includes('k8s.io/initial-events-end')) break
  }
  transport.close()
  for (let n = 0; n < LARGE; n++) assert.ok(text.includes(`"name":"large-${n}"`), `large-${n}`)
  assert.ok(text.length > LARGE * TEXT.length)
})

test('the events of a watch are those that its body says', { timeout: 20_000 }, async () => {
  const transport = inProcessTransport(plane.plane.server, SYSTEM_USER)
  const query = { watch: 'true', sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
  const until = { ...query, allowWatchBookmarks: 'true', timeoutSeconds: '1' }
  const request = { method: 'GET', path: '/api/v1/namespaces/default/configmaps', query: until }
  const [asBytes, asObjects] = [await transport.request(request), await transport.request(request)]
  const events: RawEvent[] = []
  const read = async () => {
    for await (const batch of asObjects.events!()) events.push(...batch)
  }
  const [text] = await Promise.all([asBytes.buffer().then(String), read()])
  transport.close()
  const lines = text.split('\n').filter((line) => line !== '')
  const begun = lines.findIndex((line) => line.includes('k8s.io/initial-events-end')) + 1
  assert.ok(begun > LARGE)
  assert.deepEqual(
    events
      .slice(0, begun)
      .map(({ type, object }) => ({ type, name: object.metadata.name, text: object['data']?.text })),
    lines.slice(0, begun).map((line) => {
      const { type, object } = JSON.parse(line)
      return { type, name: object.metadata.name, text: object.data?.text }
    }),
  )
})

test('the events of a watch end with their reader', { timeout: 20_000 }, async () => {
  const transport = inProcessTransport(plane.plane.server, SYSTEM_USER)
  const abort = new AbortController()
  const query = { watch: 'true', resourceVersion: '0' }
  const response = await transport.request({ method: 'GET', path: PATH, query, signal: abort.signal })
  const read = async () => {
    for await (const _ of response.events!()) abort.abort()
  }
  await assert.rejects(read(), { name: 'AbortError' })
  transport.close()
})

test('an answer to a reader who left before it came is not waited for', { timeout: 20_000 }, async () => {
  const transport = inProcessTransport(plane.plane.server, SYSTEM_USER)
  const query = { watch: 'true', resourceVersion: `${plane.plane.store.revision}` }
  for (const form of ['events', 'body'] as const) {
    const abort = new AbortController()
    const response = await transport.request({ method: 'GET', path: PATH, query, signal: abort.signal })
    abort.abort()
    const read = async () => {
      for await (const _ of form === 'events' ? response.events!() : response.body)
        assert.fail('nothing comes')
    }
    await assert.rejects(read(), { name: 'AbortError' })
  }
  transport.close()
})

test('a list keeps what it has read while the rest is written', { timeout: 20_000 }, async () => {
  const transport = inProcessTransport(plane.plane.server, SYSTEM_USER)
  const response = await transport.request({ method: 'GET', path: PATH })
  const { items } = JSON.parse((await response.buffer()).toString())
  transport.close()
  const large = items.filter((item: { data: { text?: string } }) => item.data.text === TEXT)
  assert.equal(large.length, LARGE)
})
