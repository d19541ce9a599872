import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fakeClock } from './testing/fake-clock.ts'
import { WorkQueue } from './workqueue.ts'

describe('work queue', () => {
  it('holds a key once, however often it is added', async () => {
    const queue = new WorkQueue({ name: 'q', clock: fakeClock() })
    queue.add('a')
    queue.add('b')
    queue.add('a')
    assert.equal(queue.depth, 2)
    assert.equal(await queue.take(), 'a')
    assert.equal(await queue.take(), 'b')
  })

  it('never gives a key to two workers, and gives it again when it was added meanwhile', async () => {
    const queue = new WorkQueue({ name: 'q', clock: fakeClock() })
    queue.add('a')
    assert.equal(await queue.take(), 'a')
    queue.add('a')
    assert.equal(queue.depth, 0)
    const second = queue.take()
    queue.done('a')
    assert.equal(await second, 'a')
    queue.done('a')
    assert.equal(queue.idle, true)
  })

  it('gives delayed keys when they are due, the soonest first, and the sooner of two times counts', async () => {
    const clock = fakeClock()
    const queue = new WorkQueue({ name: 'q', clock })
    queue.addAfter('late', 5000)
    queue.addAfter('soon', 1000)
    queue.addAfter('late', 3000)
    queue.addAfter('soon', 9000)
    await clock.advance(999)
    assert.equal(queue.depth, 0)
    await clock.advance(1)
    assert.equal(await queue.take(), 'soon')
    await clock.advance(2000)
    assert.equal(await queue.take(), 'late')
    await clock.advance(10_000)
    assert.equal(queue.depth, 0)
    assert.equal(clock.timers, 0)
  })

  it('backs off a failing key exponentially and begins anew after forget', () => {
    const queue = new WorkQueue({ name: 'q', clock: fakeClock(), rateLimit: { baseMs: 10, maxMs: 100 } })
    const delays = Array.from({ length: 6 }, () => queue.addRateLimited('a'))
    assert.deepEqual(delays, [10, 20, 40, 80, 100, 100])
    queue.forget('a')
    assert.equal(queue.addRateLimited('a'), 10)
  })

  it('limits the retries of all keys together', () => {
    const rateLimit = { baseMs: 1, maxMs: 1, perSecond: 10, burst: 2 }
    const queue = new WorkQueue({ name: 'q', clock: fakeClock(), rateLimit })
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((key) => queue.addRateLimited(key)),
      [1, 1, 100, 200],
    )
  })

  it('is bounded, and asks for all keys again when it is empty after an overflow', async () => {
    let asked = 0
    const queue = new WorkQueue({ name: 'q', clock: fakeClock(), limit: 2, onOverflow: () => asked++ })
    for (const key of ['a', 'b', 'c']) queue.add(key)
    assert.equal(queue.depth, 2)
    assert.equal(await queue.take(), 'a')
    assert.equal(asked, 0)
    assert.equal(await queue.take(), 'b')
    assert.equal(asked, 1)
  })

  it('lets waiting workers go when it is closed', async () => {
    const clock = fakeClock()
    const queue = new WorkQueue({ name: 'q', clock })
    const taken = queue.take()
    queue.addAfter('a', 1000)
    queue.close()
    assert.equal(await taken, undefined)
    await clock.advance(2000)
    assert.equal(await queue.take(), undefined)
  })

  it('gives delayed keys in order of time whatever the order of adding', async () => {
    const clock = fakeClock()
    const queue = new WorkQueue({ name: 'q', clock })
    const delays = [70, 10, 50, 30, 90, 20, 60, 40, 80]
    for (const ms of delays) queue.addAfter(String(ms), ms)
    const order: number[] = []
    for (let i = 0; i < 9; i++) {
      await clock.advance(10)
      order.push(Number(await queue.take()))
    }
    assert.deepEqual(order, [10, 20, 30, 40, 50, 60, 70, 80, 90])
  })
})
