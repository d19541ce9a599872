import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { systemClock } from '@brume/base/clock'
import { StatusError } from '@brume/base/errors'
import type { ApiRequest, ApiResponse } from '../http/types.ts'
import { MetricsRegistry } from '../metrics/registry.ts'
import { ResourceRegistry } from '../registry/resources.ts'
import { parseRequestInfo } from '../request/info.ts'
import { createAuditing } from './auditing.ts'
import { auditMetrics } from './metrics.ts'
import type { AuditPolicy } from './types.ts'

const ANNA = { name: 'anna', groups: ['system:authenticated'] }
const EXEC = '/api/v1/namespaces/a/pods/p/exec'

function begin(policy: AuditPolicy, { method = 'POST', path = EXEC, headers = {} } = {}) {
  const lines: string[] = []
  const registry = new ResourceRegistry([])
  const metrics = auditMetrics(new MetricsRegistry())
  const sink = { write: (line: string) => void lines.push(line) }
  const auditing = createAuditing({ policy, sink, metrics, clock: systemClock, registry })
  const query = new URLSearchParams('command=id')
  const request = { method, path, query, headers, remoteAddress: '::ffff:192.0.2.1' } as unknown as ApiRequest
  const trail = auditing.begin(request, parseRequestInfo(request))
  return { trail, events: () => lines.map((line) => JSON.parse(line)) }
}

const ALL: AuditPolicy = { rules: [{ level: 'Metadata' }] }
const response = (more: Partial<ApiResponse> = {}): ApiResponse => ({
  ...{ status: 200, headers: {}, body: undefined },
  ...more,
})

test('a bug is told as one, and the client sees no more than that the server failed', () => {
  const { trail, events } = begin(ALL)
  trail.authenticated(ANNA)
  trail.failed(new StatusError('InternalError', 'see the server log'), true)
  trail.answered(response({ status: 500 }), false)
  const [received, panic] = events()
  assert.deepEqual([received.stage, panic.stage], ['RequestReceived', 'Panic'])
  assert.equal(panic.responseStatus.code, 500)
  assert.equal(panic.responseStatus.reason, 'InternalError')
})

test('a connection that was taken over is told when it begins and when it ends, once', async () => {
  const { trail, events } = begin({ ...ALL, omitStages: ['RequestReceived'] })
  trail.authenticated(ANNA)
  const answer = trail.answered(response({ status: 101, takeover: (socket) => void socket.destroy() }), true)
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  answer.takeover!(socket as never, Buffer.alloc(0))
  await new Promise((resolve) => socket.once('close', resolve))
  assert.deepEqual(
    events().map(({ stage }) => stage),
    ['ResponseStarted', 'ResponseComplete'],
  )
})

test('a socket that was gone before it was taken over ends its event once', async () => {
  const { trail, events } = begin({ ...ALL, omitStages: ['RequestReceived', 'ResponseStarted'] })
  trail.authenticated(ANNA)
  const answer = trail.answered(response({ status: 101, takeover: () => {} }), true)
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() }).destroy()
  answer.takeover!(socket as never, Buffer.alloc(0))
  await new Promise((resolve) => socket.once('close', resolve))
  assert.equal(events().length, 1)
})

test('an event says what was asked, where from, and with what, within bounds', () => {
  const { trail, events } = begin(ALL, { headers: { 'user-agent': 'x'.repeat(5_000) } })
  trail.authenticated(ANNA)
  trail.failed(new StatusError('Invalid', 'y'.repeat(50_000)), false)
  trail.answered(response({ status: 422 }), false)
  const event = events().at(-1)
  assert.equal(event.requestURI, `${EXEC}?command=id`)
  assert.deepEqual(event.sourceIPs, ['192.0.2.1'])
  assert.equal(event.userAgent.length, 1024 + '...TRUNCATED'.length)
  assert.ok(event.responseStatus.message.length < 5_000)
  assert.deepEqual(event.objectRef, {
    ...{ resource: 'pods', namespace: 'a', name: 'p' },
    ...{ apiVersion: 'v1', subresource: 'exec' },
  })
})

test('refusals that no rule asks for are recorded as long as they are few, and what a rule asks for always', () => {
  const lines: string[] = []
  const auditing = createAuditing({
    policy: {
      rules: [{ level: 'Metadata', verbs: ['delete'] }],
      omitStages: ['RequestReceived'],
      recordRefused: true,
    },
    sink: { write: (line) => void lines.push(line) },
    metrics: auditMetrics(new MetricsRegistry()),
    clock: { ...systemClock, now: () => 0 },
    registry: new ResourceRegistry([]),
  })
  const refuse = (method: string) => {
    const query = new URLSearchParams()
    const request = { method, path: '/api/v1/nodes/n', query, headers: {}, remoteAddress: '' }
    const trail = auditing.begin(request as unknown as ApiRequest, parseRequestInfo(request))
    trail.authenticated(ANNA)
    trail.answered(response({ status: 403 }), false)
  }
  for (let n = 0; n < 500; n++) refuse('GET')
  assert.ok(lines.length >= 60 && lines.length < 100, String(lines.length))
  const before = lines.length
  refuse('DELETE')
  assert.equal(lines.length, before + 1)
})

test("with a policy of one's own a refusal is recorded only where a rule says so", () => {
  const { trail, events } = begin({ rules: [{ level: 'None' }] })
  trail.authenticated(ANNA)
  trail.answered(response({ status: 403 }), false)
  const unknown = begin({ rules: [{ level: 'None' }] })
  unknown.trail.failed(new StatusError('Unauthorized', 'Unauthorized'), false)
  unknown.trail.answered(response({ status: 401 }), false)
  assert.deepEqual([events(), unknown.events()], [[], []])
})
