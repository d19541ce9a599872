import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { conflict } from '@brume/base/errors'
import { createLogger, silentLogger } from '@brume/base/log'
import {
  type ControllerSpec,
  defineController,
  type Enqueue,
  type Plan,
  runController,
} from './controller.ts'
import { fakeClock } from './testing/fake-clock.ts'

interface Harness {
  spec: ControllerSpec
  enqueue: Enqueue
  acted: string[]
  sync(): void
}

/** A controller whose key is what it observes; `act` may be replaced. */
function harness(
  decide: (key: string, now: number) => Plan<string>,
  act?: (action: string) => void,
): Harness {
  const acted: string[] = []
  const synced = Promise.withResolvers<void>()
  const harness: Harness = {
    acted,
    enqueue: () => {},
    sync: () => synced.resolve(),
    spec: defineController<string, string>({
      name: 'test',
      workers: 2,
      rateLimit: { baseMs: 10 },
      sources: [
        {
          start(enqueue) {
            harness.enqueue = enqueue
            return () => {}
          },
          synced: () => synced.promise,
        },
      ],
      observe: (key) => (key === 'gone' ? undefined : key),
      decide,
      act(action) {
        acted.push(action)
        act?.(action)
      },
    }),
  }
  return harness
}

describe('controller driver', () => {
  it('does nothing before its sources are synced, then works on every key', async () => {
    const clock = fakeClock()
    const test = harness((key) => ({ actions: [`do ${key}`] }))
    const running = runController(test.spec, { clock, logger: silentLogger })
    test.enqueue('a')
    test.enqueue('gone')
    await clock.advance(1000)
    assert.deepEqual(test.acted, [])
    test.sync()
    await running.ready
    await clock.advance(0)
    assert.deepEqual(test.acted, ['do a'])
    await running.stop()
  })

  it('looks again after the time that the plan names', async () => {
    const clock = fakeClock(0)
    const test = harness((_key, now) =>
      now >= 5000 ? { actions: ['late'] } : { actions: [], requeueAfterMs: 5000 },
    )
    const running = runController(test.spec, { clock, logger: silentLogger })
    test.sync()
    test.enqueue('a')
    await clock.advance(4999)
    assert.deepEqual(test.acted, [])
    await clock.advance(1)
    assert.deepEqual(test.acted, ['late'])
    await running.stop()
  })

  it('tries a failed key again with growing delays, logs each failure, and skips the rest of the plan', async () => {
    const clock = fakeClock()
    const lines: string[] = []
    let failures = 3
    const test = harness(
      () => ({ actions: ['first', 'second'] }),
      (action) => {
        if (action === 'first' && failures-- > 0) throw new Error('broken')
      },
    )
    const logger = createLogger('warn', (line) => lines.push(line))
    const running = runController(test.spec, { clock, logger })
    test.sync()
    test.enqueue('a')
    await clock.advance(9)
    assert.deepEqual(test.acted, ['first'])
    await clock.advance(1)
    await clock.advance(20)
    await clock.advance(40)
    assert.deepEqual(test.acted, ['first', 'first', 'first', 'first', 'second'])
    assert.equal(lines.length, 3)
    assert.match(lines[0]!, /controller=test key=a .*broken/)
    await running.stop()
  })

  it('tries again after a conflict without a warning, and counts it', async () => {
    const clock = fakeClock()
    const lines: string[] = []
    const counted: Record<string, number> = {}
    let conflicts = 1
    const test = harness(
      () => ({ actions: ['write'] }),
      () => {
        if (conflicts-- > 0) throw conflict({ group: '', resource: 'pods', name: 'p' }, 'changed')
      },
    )
    const running = runController(test.spec, {
      clock,
      logger: createLogger('info', (line) => lines.push(line)),
      metrics: {
        add(name, by, labels) {
          if (name === 'brume_controller_errors_total') counted[labels['conflict']!] = by
        },
        set() {},
        observe() {},
      },
    })
    test.sync()
    test.enqueue('a')
    await clock.advance(100)
    assert.deepEqual(test.acted, ['write', 'write'])
    assert.deepEqual(lines, [])
    assert.deepEqual(counted, { true: 1 })
    await running.stop()
  })

  it('stops after the round under way', async () => {
    const clock = fakeClock()
    const blocked = Promise.withResolvers<void>()
    const test = harness((key) => ({ actions: [key] }))
    const spec = { ...test.spec, act: () => blocked.promise }
    const running = runController(spec, { clock, logger: silentLogger })
    test.sync()
    await running.ready
    test.enqueue('a')
    await clock.advance(0)
    let stopped = false
    const stopping = running.stop().then(() => {
      stopped = true
    })
    await clock.advance(0)
    assert.equal(stopped, false)
    blocked.resolve()
    await stopping
    assert.equal(stopped, true)
  })
})
