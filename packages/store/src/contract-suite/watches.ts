// See contract-suite.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoreEvent } from '../contract.ts'
import { describeEvent, Seen, throwsCode } from './steps.ts'
import type { SuiteStore } from './suite-store.ts'

export function watchesSuite(t: SuiteStore): void {
  test('deliver history, then what comes, without gap or repeat', async () => {
    await t.put('pods/a', '1')
    const after = t.store.revision
    await t.put('pods/a', '2')
    await t.put('nodes/n', 'not a pod')
    const seen = new Seen(t.store, { prefix: 'pods', after })
    const last = t.delete('pods/a')
    await t.put('pods/b', '3')
    await last
    await seen.until((events) => events.length >= 3)
    assert.deepEqual(seen.events.map(describeEvent), [
      'put pods/a 2 was 1',
      'delete pods/a 2 was 2',
      'put pods/b 3',
    ])
  })

  test('a watch opened while a batch is in flight misses nothing', async () => {
    const committed = Promise.all(['a', 'b'].map((name) => t.put(`pods/${name}`, name)))
    const seen = new Seen(t.store, { prefix: 'pods', after: t.store.revision })
    await committed
    assert.deepEqual(seen.events.map(describeEvent), ['put pods/a a', 'put pods/b b'])
  })

  test('are told before the writer is', async () => {
    const seen = new Seen(t.store, { prefix: 'pods', after: t.store.revision })
    const { revision } = await t.put('pods/a', '1')
    assert.deepEqual(
      seen.events.map((event) => event.revision),
      [revision],
    )
  })

  test('see only their prefix', async () => {
    const seen = new Seen(t.store, { prefix: 'pods/a/', after: t.store.revision })
    await Promise.all(['pods/a/x', 'pods/b/x', 'nodes/a', 'pods/a/y'].map((key) => t.put(key, '-')))
    assert.deepEqual(seen.events.map(describeEvent), ['put pods/a/x -', 'put pods/a/y -'])
  })

  test('of one prefix share the events of a batch', async () => {
    const batches: (readonly StoreEvent[])[] = []
    const onEvents = (events: readonly StoreEvent[]) => batches.push(events)
    for (let i = 0; i < 3; i++) t.store.watch({ prefix: 'pods', after: t.store.revision, onEvents })
    await t.put('nodes/n', 'all are live after this')
    await Promise.all([t.put('pods/a', '1'), t.put('pods/b', '2')])
    assert.equal(batches.length, 3)
    assert.ok(batches.every((batch) => batch === batches[0] && batch.length === 2))
  })

  test('stop when they are closed, also by another watcher', async () => {
    const seen = new Seen(t.store, { prefix: 'pods', after: t.store.revision })
    await t.put('pods/a', '1')
    seen.close()
    seen.close()
    await t.put('pods/a', '2')
    assert.equal(seen.events.length, 1)
  })

  test('one that throws is ended, the others go on', async () => {
    let ended: string | undefined
    t.store.watch({
      prefix: 'pods',
      after: t.store.revision,
      onEvents: () => assert.fail('a bug'),
      onEnd: (error) => {
        ended = error.code
      },
    })
    const seen = new Seen(t.store, { prefix: 'pods', after: t.store.revision })
    await t.put('pods/a', '1')
    await t.put('pods/a', '2')
    assert.equal(ended, 'closed')
    assert.equal(seen.events.length, 2)
  })

  test('from the future are refused', () => {
    throwsCode(() => new Seen(t.store, { prefix: 'pods', after: t.store.revision + 1 }), 'future-revision')
  })
}
