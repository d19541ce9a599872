import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '@brume/base/command-line'
import { edgeClientsOf } from './edge-clients.ts'

test('one client has a bound of connections unless it is taken away, and proxies are ranges', () => {
  assert.ok(edgeClientsOf({ options: {}, lists: {} }).connections > 0)
  const given = {
    options: { 'edge-client-connections': '0' },
    lists: { 'edge-proxy': ['192.0.2.0/24', 'fd00::1'] },
  }
  assert.deepEqual(edgeClientsOf(given), { connections: 0, proxies: ['192.0.2.0/24', 'fd00::1'] })
  for (const wrong of ['proxy.example', '192.0.2.0/33', '192.0.2.0/24 src'])
    assert.throws(() => edgeClientsOf({ options: {}, lists: { 'edge-proxy': [wrong] } }), UsageError)
  assert.throws(() => edgeClientsOf({ options: { 'edge-client-connections': '-1' }, lists: {} }), UsageError)
})
