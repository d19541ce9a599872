import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EVERYTHING } from '@brume/api/bootstrap/flow-control'
import type { Clock } from '@brume/base/clock'
import { isStatus } from '@brume/base/errors'
import { ObjectMap } from '../auth/testing/object-map.ts'
import type { UserInfo } from '../auth/types.ts'
import { MetricsRegistry } from '../metrics/registry.ts'
import { parseRequestInfo } from '../request/info.ts'
import { createFlowControl } from './control.ts'
import { RECEIVING_LIMITS } from './receiving.ts'

const GROUP = 'flowcontrol.apiserver.k8s.io'
const user = (name: string): UserInfo => ({ name, groups: ['system:authenticated'] })
const INFO = parseRequestInfo({ method: 'GET', path: '/api/v1/nodes', query: new URLSearchParams() })

/** One seat for whom `schema` is about; time and what is stored are the test's. */
function office() {
  const objects = new ObjectMap()
  const metrics = new MetricsRegistry()
  const timers = new Set<() => void>()
  const time = { now: 0 }
  const clock: Clock = {
    now: () => time.now,
    after(_delayMs, fn) {
      timers.add(fn)
      return { cancel: () => void timers.delete(fn) }
    },
  }
  const put = (plural: string, kind: string, name: string, spec: object) =>
    objects.put(GROUP, plural, {
      apiVersion: `${GROUP}/v1`,
      kind,
      metadata: { name, uid: `uid-${name}` },
      spec,
    })
  const limitResponse = { type: 'Queue', queuing: { queues: 4, handSize: 1, queueLengthLimit: 2 } }
  put('prioritylevelconfigurations', 'PriorityLevelConfiguration', 'one', {
    type: 'Limited',
    limited: { nominalConcurrencyShares: 1, borrowingLimitPercent: 0, lendablePercent: 0, limitResponse },
  })
  put('flowschemas', 'FlowSchema', 'all', {
    matchingPrecedence: 10,
    priorityLevelConfiguration: { name: 'one' },
    distinguisherMethod: { type: 'ByUser' },
    rules: [{ subjects: [{ kind: 'User', user: { name: '*' } }], ...EVERYTHING }],
  })
  const flows = createFlowControl({ reader: objects, clock, metrics, seats: 1 })
  const enter = (name: string, signal = new AbortController().signal) => {
    const flow = flows.classify(INFO, user(name))
    return flows.enter(flow, { info: INFO, user: user(name), gone: () => signal })
  }
  return { objects, flows, enter, timers, time, text: () => metrics.render() }
}

test('who finds no seat waits for one, and a seat is given back once', async () => {
  const { enter, text } = office()
  const first = enter('anna')
  assert.ok(!(first instanceof Promise))
  const second = enter('bob')
  const third = enter('anna')
  assert.ok(second instanceof Promise && third instanceof Promise)
  assert.match(text(), /current_inqueue_requests\{priority_level="one"\} 2/)
  first()
  first()
  const release = await second
  assert.match(text(), /current_executing_requests\{priority_level="one"\} 1/)
  assert.match(text(), /current_inqueue_requests\{priority_level="one"\} 1/)
  release()
  ;(await third)()
  assert.match(text(), /dispatched_requests_total\{priority_level="one",flow_schema="all"\} 3/)
  assert.match(text(), /request_wait_duration_seconds_count\{.*execute="true"\} 2/)
})

test('who waits too long is told to come back', async () => {
  const { enter, timers, text } = office()
  enter('anna')
  const waiting = enter('bob')
  for (const fire of timers) fire()
  await assert.rejects(
    async () => waiting,
    (error) => isStatus(error, 'TooManyRequests'),
  )
  assert.match(
    text(),
    /rejected_requests_total\{priority_level="one",flow_schema="all",reason="time-out"\} 1/,
  )
  assert.match(text(), /current_inqueue_requests\{priority_level="one"\} 0/)
})

test('who goes away is waited for no more', async () => {
  const { enter, timers } = office()
  const first = enter('anna') as () => void
  const going = new AbortController()
  const gone = enter('bob', going.signal)
  const next = enter('carol')
  going.abort()
  await assert.rejects(async () => gone)
  const before = enter('dora', AbortSignal.abort())
  await assert.rejects(async () => before)
  first()
  ;(await next)()
  assert.equal(timers.size, 0, 'nothing is left of those who waited')
})

test('a full queue is told at once', () => {
  const { enter, text } = office()
  enter('anna')
  void enter('bob')
  void enter('bob')
  assert.throws(
    () => enter('bob'),
    (error) => isStatus(error, 'TooManyRequests'),
  )
  assert.match(text(), /reason="queue-full"\} 1/)
})

test('what is stored is followed, and the mandatory schemas and levels are always there', () => {
  const { objects, flows } = office()
  const of = (name: string) => {
    const { schema, level } = flows.classify(INFO, user(name))
    return [schema.name, schema.uid, level.spec.name, level.spec.uid]
  }
  assert.deepEqual(of('anna'), ['all', 'uid-all', 'one', 'uid-one'])
  objects.remove(GROUP, 'prioritylevelconfigurations', '', 'one')
  assert.deepEqual(
    of('anna'),
    ['catch-all', '', 'catch-all', ''],
    'a schema without its level is passed over',
  )
  const root = { name: 'root', groups: ['system:masters'] }
  assert.equal(flows.classify(INFO, root).level.spec.exempt, true)
})

test('who finds no room for a body waits for it, and is refused in the end as who finds no seat', async () => {
  const { flows, timers, text } = office()
  const flow = flows.classify(INFO, user('anna'))
  const receive = (signal = new AbortController().signal, of = user('anna')) =>
    flows.receive(flow, { user: of, bytes: 1, gone: () => signal })
  const { bodies } = RECEIVING_LIMITS.ofUser
  const rooms = await Promise.all(Array.from({ length: bodies }, () => receive()))
  const next = receive()
  const late = receive()
  const leaving = new AbortController()
  const left = receive(leaving.signal)
  assert.ok(next instanceof Promise && late instanceof Promise && left instanceof Promise)
  assert.ok(!(receive(undefined, user('bob')) instanceof Promise), 'others have their own room')
  assert.match(text(), /brume_request_bodies\{state="waiting"\} 3/)
  rooms[0]!.arrived(1)
  const room = await next
  leaving.abort()
  for (const fire of [...timers]) fire()
  for (const refused of [late, left]) {
    await assert.rejects(refused as Promise<unknown>, (error) => {
      assert.ok(isStatus(error, 'TooManyRequests'))
      assert.equal(error.details?.retryAfterSeconds, 1)
      return true
    })
  }
  assert.match(text(), /rejected_requests_total\{[^}]*reason="time-out"\} 1/)
  assert.match(text(), /rejected_requests_total\{[^}]*reason="cancelled"\} 1/)
  assert.match(text(), /brume_request_bodies\{state="waiting"\} 0/)
  room.leave()
})
