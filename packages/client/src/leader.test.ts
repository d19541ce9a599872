import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { silentLogger } from '@brume/base/log'
import { Client } from './client.ts'
import { runLeaderElection } from './leader.ts'
import { fakeClock } from './testing/fake-clock.ts'
import { jsonResponse, ScriptedTransport, statusResponse } from './testing/scripted-transport.ts'

/** One lease with compare-and-swap, as a server keeps it; can be made unreachable. */
function leaseServer() {
  let lease: KubeObject | undefined
  let revision = 0
  const server = { reachable: true, holder: () => lease?.spec.holderIdentity as string | undefined }
  const transport = new ScriptedTransport(({ method, json }) => {
    if (!server.reachable) return statusResponse(503, 'ServiceUnavailable', 'down')
    if (method === 'GET')
      return lease === undefined ? statusResponse(404, 'NotFound') : jsonResponse(200, lease)
    const sent = json as KubeObject
    if (method === 'POST' && lease !== undefined) return statusResponse(409, 'AlreadyExists')
    if (method === 'PUT' && sent.metadata.resourceVersion !== lease?.metadata.resourceVersion) {
      return statusResponse(409, 'Conflict')
    }
    lease = { ...sent, metadata: { ...sent.metadata, resourceVersion: String(++revision) } }
    return jsonResponse(200, lease)
  })
  return { server, transport }
}

function candidates() {
  const clock = fakeClock()
  const { server, transport } = leaseServer()
  const leading = new Set<string>()
  const start = (identity: string) => {
    const stop = new AbortController()
    const done = runLeaderElection(
      {
        client: new Client({ transport, clock }),
        namespace: 'kube-system',
        name: 'brume',
        identity,
        clock,
        random: () => 0,
        logger: silentLogger,
        async onLead(signal) {
          assert.equal(leading.size, 0, 'two leaders at once')
          leading.add(identity)
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
          leading.delete(identity)
        },
      },
      stop.signal,
    )
    return { stop: () => stop.abort(), done }
  }
  return { clock, server, leading, start }
}

describe('leader election', () => {
  it('lets one lead while it renews', async () => {
    const { clock, leading, start } = candidates()
    const [a, b] = [start('a'), start('b')]
    await clock.advance(120_000)
    assert.deepEqual([...leading], ['a'])
    b.stop()
    a.stop()
    await clock.advance(5000)
    await Promise.all([a.done, b.done])
  })

  it('hands over at once when the leader stops and releases', async () => {
    const { clock, leading, start, server } = candidates()
    const [a, b] = [start('a'), start('b')]
    await clock.advance(10_000)
    a.stop()
    await clock.advance(0)
    await a.done
    assert.equal(server.holder(), '')
    await clock.advance(3000)
    assert.deepEqual([...leading], ['b'])
    b.stop()
    await b.done
  })

  it('stops leading when it cannot renew in time, before another may take over', async () => {
    const { clock, leading, start, server } = candidates()
    const a = start('a')
    await clock.advance(10_000)
    server.reachable = false
    await clock.advance(9000)
    assert.deepEqual([...leading], ['a'])
    await clock.advance(5000)
    assert.deepEqual([...leading], [])
    await a.done
    server.reachable = true
    const b = start('b')
    await clock.advance(14_000)
    assert.deepEqual([...leading], [])
    await clock.advance(4000)
    assert.deepEqual([...leading], ['b'])
    b.stop()
    await b.done
  })
})
