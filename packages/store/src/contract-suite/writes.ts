// See contract-suite.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Operation } from '../contract.ts'
import { failure, text } from './steps.ts'
import type { SuiteStore } from './suite-store.ts'

export function writesSuite(t: SuiteStore): void {
  test('starts empty at revision 1', () => {
    assert.equal(t.store.revision, 1)
    assert.equal(t.store.compactedRevision, 1)
    assert.deepEqual(t.store.list({ prefix: 'pods' }), { entries: [], revision: 1, remaining: 0 })
  })

  test('gives each operation the next revision, across buckets', async () => {
    const a = await t.put('pods/default/a', 'one')
    const b = await t.put('nodes/n1', 'two')
    const again = await t.put('pods/default/a', 'three')
    assert.ok(a.revision < b.revision && b.revision < again.revision)
    assert.equal(again.createRevision, a.revision)
    assert.equal(t.store.revision, again.revision)
    assert.equal(t.store.get('pods/default/a'), again)
    assert.equal(text(again), 'three')
  })

  test('encodes once, with the revision that the entry gets', async () => {
    const revisions: number[] = []
    const entry = await t.store.commit({
      kind: 'put',
      key: 'pods/a',
      expect: undefined,
      encode(revision) {
        revisions.push(revision)
        return { value: Buffer.from(`at ${revision}`), attachment: { revision } }
      },
    })
    assert.deepEqual(revisions, [entry.revision])
    assert.equal(text(entry), `at ${entry.revision}`)
    assert.deepEqual(entry.attachment, { revision: entry.revision })
  })

  test('keeps values in memory of exactly their size', async () => {
    const pooled = Buffer.from('a small value that lives in the pool')
    const entry = await t.store.commit({
      kind: 'put',
      key: 'pods/a',
      expect: undefined,
      encode: () => ({ value: pooled }),
    })
    assert.equal(entry.value.buffer.byteLength, entry.value.byteLength)
    assert.deepEqual(entry.value, pooled)
  })

  test('tells when what is pending of a key is durable', async () => {
    const order: string[] = []
    const first = t.put('pods/a', 'one').then(() => order.push('durable'))
    const settled = t.store.settled('pods/a').then(() => order.push('settled'))
    await t.store.settled('pods/b')
    order.push('nothing pending')
    await Promise.all([first, settled])
    assert.deepEqual(order, ['nothing pending', 'durable', 'settled'])
    await t.store.settled('pods/a')
  })

  test('a create of what exists is a conflict that tells what is there', async () => {
    const there = await t.put('pods/a', 'one', { absent: true })
    const error = await failure(t.put('pods/a', 'two', { absent: true }), 'conflict')
    assert.equal(error.current, there)
    assert.equal(t.store.get('pods/a'), there)
  })

  test('an update at another revision, or of nothing, is a conflict', async () => {
    const first = await t.put('pods/a', 'one')
    const second = await t.put('pods/a', 'two', { revision: first.revision })
    const error = await failure(t.put('pods/a', 'three', { revision: first.revision }), 'conflict')
    assert.equal(error.current, second)
    const missing = await failure(t.put('pods/b', 'x', { revision: first.revision }), 'conflict')
    assert.equal(missing.current, undefined)
  })

  test('does not encode when the expectation is not met', async () => {
    await t.put('pods/a', 'one')
    const operation: Operation = {
      kind: 'put',
      key: 'pods/a',
      expect: { absent: true },
      encode: () => assert.fail('encoded'),
    }
    await failure(t.store.commit(operation), 'conflict')
  })

  test('a delete removes the key and resolves with its last state', async () => {
    const put = await t.put('pods/a', 'one')
    const last = await t.store.commit({
      kind: 'delete',
      key: 'pods/a',
      expect: { revision: put.revision },
      encode: (revision) => ({ value: Buffer.from(`gone at ${revision}`) }),
    })
    assert.ok(last.revision > put.revision)
    assert.equal(text(last), `gone at ${last.revision}`)
    assert.equal(t.store.get('pods/a'), undefined)
    const recreated = await t.put('pods/a', 'two', { absent: true })
    assert.equal(recreated.createRevision, recreated.revision)
  })

  test('a delete without an encoder keeps the previous value and attachment', async () => {
    const put = await t.put('pods/a', 'one')
    put.attachment = { parsed: true }
    const last = await t.delete('pods/a')
    assert.equal(text(last), 'one')
    assert.equal(last.attachment, put.attachment)
  })

  test('a delete of what does not exist is a conflict', async () => {
    await failure(t.delete('pods/a'), 'conflict')
    await failure(t.delete('pods/a', { revision: 1 }), 'conflict')
  })

  test('a value that cannot be encoded fails alone', async () => {
    const good = t.put('pods/a', 'one')
    const bad = t.store.commit({
      kind: 'put',
      key: 'pods/b',
      expect: undefined,
      encode: () => {
        throw new TypeError('not encodable')
      },
    })
    const after = t.put('pods/c', 'three')
    await assert.rejects(bad, new TypeError('not encodable'))
    assert.equal(text(await good), 'one')
    assert.equal(text(await after), 'three')
    assert.equal(t.store.get('pods/b'), undefined)
  })
}

export function pendingSuite(t: SuiteStore): void {
  test('are seen by later operations and by getPending, not by reads', async () => {
    const first = t.put('pods/a', 'one', { absent: true })
    assert.equal(t.store.get('pods/a'), undefined)
    assert.equal(text(t.store.getPending('pods/a')), 'one')
    const conflict = failure(t.put('pods/a', 'two', { absent: true }), 'conflict')
    const { revision } = t.store.getPending('pods/a')!
    const second = t.put('pods/a', 'three', { revision })
    const third = t.delete('pods/a')
    assert.equal(t.store.getPending('pods/a'), undefined)
    assert.equal((await first).revision, revision)
    await conflict
    assert.equal(text(await second), 'three')
    await third
    assert.equal(t.store.get('pods/a'), undefined)
  })

  test('writes of one turn are all committed, in call order', async () => {
    const entries = await Promise.all(Array.from({ length: 3_000 }, (_, i) => t.put(`pods/${i}`, `${i}`)))
    const revisions = entries.map((entry) => entry.revision)
    assert.deepEqual(
      revisions,
      revisions.toSorted((a, b) => a - b),
    )
    assert.equal(new Set(revisions).size, 3_000)
    assert.equal(t.store.list({ prefix: 'pods' }).entries.length, 3_000)
  })
}
