// See contract-suite.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeEvent, failure, keysOf, putOf, Seen, text, throwsCode } from './steps.ts'
import type { SuiteStore } from './suite-store.ts'

export function compactionSuite(t: SuiteStore): void {
  test('forgets history and keeps the state', async () => {
    for (let i = 0; i < 5; i++) await t.put('pods/a', `${i}`)
    await t.put('pods/b', 'gone')
    await t.delete('pods/b')
    const past = t.store.revision - 2
    await t.store.compact(t.store.revision)
    assert.equal(t.store.compactedRevision, t.store.revision)
    throwsCode(() => new Seen(t.store, { prefix: 'pods', after: past }), 'compacted')
    throwsCode(() => t.store.list({ prefix: 'pods', revision: past }), 'compacted')
    assert.deepEqual(t.store.list({ prefix: 'pods' }).entries.map(text), ['4'])
    const seen = new Seen(t.store, { prefix: 'pods', after: t.store.revision })
    await t.put('pods/a', 'more')
    assert.deepEqual(seen.events.map(describeEvent), ['put pods/a more was 4'])
  })

  test('ends a watch that has not caught up', async () => {
    const after = t.store.revision
    await t.put('pods/a', '1')
    const seen = new Seen(t.store, { prefix: 'pods', after })
    await t.store.compact(t.store.revision)
    await seen.until(() => seen.ended !== undefined)
    assert.equal(seen.ended, 'compacted')
    assert.deepEqual(seen.events, [])
  })

  test('of the future is refused, of the past does nothing', async () => {
    await failure(t.store.compact(t.store.revision + 1), 'future-revision')
    await t.store.compact(0)
    assert.equal(t.store.compactedRevision, 1)
  })

  test('happens by age by itself', async () => {
    const { revision } = await t.put('pods/a', '1')
    t.clock.advance(4 * 60_000)
    const newer = await t.put('pods/a', '2')
    assert.equal(t.store.compactedRevision, 1)
    t.clock.advance(2 * 60_000)
    assert.equal(t.store.compactedRevision, revision)
    t.clock.advance(10 * 60_000)
    assert.equal(t.store.compactedRevision, newer.revision)
  })
}

export function expirySuite(t: SuiteStore): void {
  test('deletes a key after its time and tells watchers', async () => {
    const seen = new Seen(t.store, { prefix: 'events', after: t.store.revision })
    await t.store.commit({ ...putOf('events/e', 'x'), expiresAt: t.clock.now() + 60_000 })
    t.clock.advance(59_000)
    assert.ok(t.store.getPending('events/e'))
    t.clock.advance(3_000)
    await seen.until((events) => events.length === 2)
    assert.deepEqual(seen.events.map(describeEvent), ['put events/e x', 'delete events/e x was x'])
    assert.equal(t.store.get('events/e'), undefined)
  })

  test('a later write decides: a new time, or none', async () => {
    const expiresAt = t.clock.now() + 60_000
    await t.store.commit({ ...putOf('events/later', '1'), expiresAt })
    await t.store.commit({ ...putOf('events/never', '1'), expiresAt })
    await t.store.commit({ ...putOf('events/later', '2'), expiresAt: expiresAt + 60_000 })
    await t.put('events/never', '2')
    t.clock.advance(90_000)
    assert.ok(t.store.getPending('events/later') && t.store.getPending('events/never'))
    const seen = new Seen(t.store, { prefix: 'events', after: t.store.revision })
    t.clock.advance(90_000)
    await seen.until((events) => events.length > 0)
    assert.deepEqual(keysOf(t.store, 'events'), ['events/never'])
  })
}

export function closingSuite(t: SuiteStore): void {
  test('settles pending writes, ends watches, and refuses what comes after', async () => {
    const seen = new Seen(t.store, { prefix: 'pods', after: t.store.revision })
    const pending = t.put('pods/a', '1')
    const closed = t.store.close()
    assert.equal(t.store.close(), closed)
    await failure(t.put('pods/b', '2'), 'closed')
    assert.equal(text(await pending), '1')
    await closed
    assert.equal(seen.events.length, 1)
    assert.equal(seen.ended, 'closed')
    throwsCode(() => new Seen(t.store, { prefix: 'pods', after: t.store.revision }), 'closed')
    await failure(t.store.compact(1), 'closed')
  })
}
