import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createLogger } from '@brume/base/log'
import { ManualClock } from '@brume/store/manual-clock'
import { openMemoryStore } from '@brume/store/memory/open'
import { type FlushTarget, WatchHub } from './hub.ts'

interface Target extends FlushTarget {
  calls: string[]
}

function target(hub: () => WatchHub, fail = false): Target {
  const self: Target = {
    calls: [],
    flush() {
      self.calls.push('flush')
      if (fail) throw new Error('cannot be encoded')
    },
    bookmark: (revision) => void self.calls.push(`bookmark ${revision}`),
    finish() {
      self.calls.push('finish')
      hub().remove(self)
    },
    drop() {
      self.calls.push('drop')
      hub().remove(self)
    },
  }
  return self
}

function made(options: { maxWatchers?: number } = {}) {
  const clock = new ManualClock()
  const errors: string[] = []
  const hub = new WatchHub({
    store: openMemoryStore(),
    clock,
    logger: createLogger('error', (line) => errors.push(line)),
    maxWatchers: 10,
    bookmarkEveryMs: 100,
    ...options,
  })
  return { hub, clock, errors, target: (fail = false) => target(() => hub, fail) }
}

test('a watcher that fails is cut and told of, and the others are flushed all the same', async () => {
  const { hub, errors, target } = made()
  const [before, failing, after] = [target(), target(true), target()]
  for (const one of [before, failing, after]) {
    hub.add(one)
    hub.mark(one)
  }
  await turn()
  assert.deepEqual([before.calls, failing.calls, after.calls], [['flush'], ['flush', 'drop'], ['flush']])
  assert.equal(hub.watcherCount, 2)
  assert.match(errors.join(), /cannot be encoded/)
})

test('marks of one turn are one flush', async () => {
  const { hub, target } = made()
  const one = target()
  hub.add(one)
  for (let i = 0; i < 5; i++) hub.mark(one)
  await turn()
  assert.deepEqual(one.calls, ['flush'])
})

test('beyond the limit only who is exempt may watch, and takes nobody else’s place', () => {
  const { hub, target } = made({ maxWatchers: 2 })
  const [a, b] = [target(), target()]
  assert.ok(hub.add(target(), true))
  assert.ok(hub.add(a) && hub.add(b))
  assert.ok(!hub.add(target()))
  assert.ok(hub.add(target(), true))
  hub.remove(a)
  assert.ok(hub.add(target()))
})

test('much that is unread makes the windows of all tight, until it is read', () => {
  const { hub, target } = made()
  const one = target()
  hub.add(one)
  const wide = hub.windowBytes
  hub.account(one, 1e9)
  assert.ok(hub.windowBytes < wide / 4)
  hub.account(one, 10)
  assert.equal(hub.windowBytes, wide)
  hub.account(one, 1e9)
  hub.remove(one)
  hub.account(one, 5e9)
  assert.equal(hub.windowBytes, wide, 'who has gone does not count')
})

test('bookmarks come while somebody watches, and no timer is left afterwards', () => {
  const { hub, clock, target } = made()
  const one = target()
  hub.add(one)
  clock.advance(250)
  assert.equal(one.calls.length, 2)
  hub.remove(one)
  clock.advance(1_000)
  assert.equal(one.calls.length, 2)
})

test('a hub that stops ends all watches and takes no new ones', () => {
  const { hub, target } = made()
  const one = target()
  hub.add(one)
  hub.stop()
  assert.deepEqual(one.calls, ['finish'])
  assert.ok(!hub.add(target(), true))
})
