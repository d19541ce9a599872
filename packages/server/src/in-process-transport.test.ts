import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inProcessTransport } from './in-process-transport.ts'

const MAX_REQUESTS = 1000

test('a client that asks again at once does not keep the event loop from turning', async () => {
  const server = { handle: async () => ({ status: 200, headers: {}, body: '{}' }) }
  const transport = inProcessTransport(server, { name: 'somebody', groups: [] })
  let hasTurned = false
  setImmediate(() => {
    hasTurned = true
  })
  for (let requests = 0; !hasTurned; requests++) {
    assert.ok(requests < MAX_REQUESTS, 'the event loop stands still')
    const response = await transport.request({ method: 'GET', path: '/version' })
    assert.equal((await response.buffer()).toString(), '{}')
  }
})
