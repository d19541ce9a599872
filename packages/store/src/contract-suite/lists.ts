// See contract-suite.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keysOf, text, throwsCode } from './steps.ts'
import type { SuiteStore } from './suite-store.ts'

export function listsSuite(t: SuiteStore): void {
  test('are in code-unit order within their prefix', async () => {
    const keys = [
      'pods/b/z',
      'pods/a/y',
      'podsx/a/a',
      'pods/a-b/q',
      'pods/a/\u{1f32b}',
      'pods/a/\uffee',
      'pods/a/x',
    ]
    await Promise.all(keys.map((key) => t.put(key, key)))
    const inOrder = keys.filter((key) => key.startsWith('pods/')).sort()
    assert.deepEqual(keysOf(t.store, 'pods'), inOrder)
    assert.deepEqual(keysOf(t.store, 'pods/'), inOrder)
    assert.deepEqual(
      keysOf(t.store, 'pods/a/'),
      inOrder.filter((key) => key.startsWith('pods/a/')),
    )
    assert.deepEqual(keysOf(t.store, 'pod'), [])
  })

  test('are paged by limit and startAfter, and tell how many remain', async () => {
    const keys = Array.from({ length: 25 }, (_, i) => `pods/ns/p${String(i).padStart(2, '0')}`)
    await Promise.all([...keys, 'pods/other/p'].map((key) => t.put(key, key)))
    const seen: string[] = []
    for (let startAfter: string | undefined; ; ) {
      const page = t.store.list({ prefix: 'pods/ns/', limit: 10, ...(startAfter ? { startAfter } : {}) })
      seen.push(...page.entries.map((entry) => entry.key))
      assert.equal(page.remaining, keys.length - seen.length)
      if (page.remaining === 0) break
      startAfter = page.entries.at(-1)!.key
    }
    assert.deepEqual(seen, keys)
    assert.deepEqual(t.store.list({ prefix: 'pods/ns/', startAfter: 'pods/zz' }).entries, [])
  })

  test('tell a past state: changed, deleted and created keys, paged', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await t.put(`pods/${name}`, `${name} then`)
    const { revision } = t.store
    await t.put('pods/a', 'a now')
    await t.delete('pods/b')
    await t.put('pods/aa', 'new')
    await t.delete('pods/d')
    await t.put('pods/d', 'again')
    const past = t.store.list({ prefix: 'pods', revision })
    assert.deepEqual(past.entries.map(text), ['a then', 'b then', 'c then', 'd then'])
    assert.equal(past.revision, revision)
    const page = t.store.list({ prefix: 'pods', revision, limit: 2, startAfter: 'pods/a' })
    assert.deepEqual(page.entries.map(text), ['b then', 'c then'])
    assert.equal(page.remaining, 1)
    assert.deepEqual(t.store.list({ prefix: 'pods' }).entries.map(text), ['a now', 'new', 'c then', 'again'])
  })

  test('of a revision that does not exist yet are refused', () => {
    throwsCode(() => t.store.list({ prefix: 'pods', revision: t.store.revision + 1 }), 'future-revision')
  })

  test('stats count entries and bytes of each bucket', async () => {
    await t.put('pods/a', 'four')
    await t.put('pods/b', 'sixsix')
    await t.put('pods/a', 'eighteig')
    await t.put('nodes/n', 'x')
    await t.delete('nodes/n')
    assert.deepEqual([...t.store.stats()], [['pods', { count: 2, bytes: 14 }]])
  })
}
