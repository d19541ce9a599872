// What every implementation of the store must do. Run it with `contractSuite('name', open)` from a test file; `open`
// gives a new empty store, closed and removed by the suite's own hooks.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { Clock } from '@brume/base/clock'
import type { Entry, Operation, Store, StoreErrorCode, StoreEvent } from './contract.ts'
import { ManualClock } from './manual-clock.ts'

export interface OpenedStore {
  store: Store
  /** Removes what the store left; the store is closed by then. */
  remove(): Promise<void>
}

export type OpenStore = (options: { clock: Clock }) => Promise<OpenedStore>

export function contractSuite(name: string, open: OpenStore): void {
  describe(`store contract: ${name}`, () => {
    let opened: OpenedStore
    let store: Store
    let clock: ManualClock

    beforeEach(async () => {
      clock = new ManualClock()
      opened = await open({ clock })
      store = opened.store
    })
    afterEach(async () => {
      await store.close()
      await opened.remove()
    })

    const commitPut = (key: string, text: string, expect?: Operation['expect']) =>
      store.commit(putOf(key, text, expect))
    const commitDelete = (key: string, expect?: Operation['expect']) =>
      store.commit({ kind: 'delete', key, expect })

    describe('writes', () => {
      test('starts empty at revision 1', () => {
        assert.equal(store.revision, 1)
        assert.equal(store.compactedRevision, 1)
        assert.deepEqual(store.list({ prefix: 'pods' }), { entries: [], revision: 1, remaining: 0 })
      })

      test('gives each operation the next revision, across buckets', async () => {
        const a = await commitPut('pods/default/a', 'one')
        const b = await commitPut('nodes/n1', 'two')
        const again = await commitPut('pods/default/a', 'three')
        assert.ok(a.revision < b.revision && b.revision < again.revision)
        assert.equal(again.createRevision, a.revision)
        assert.equal(store.revision, again.revision)
        assert.equal(store.get('pods/default/a'), again)
        assert.equal(text(again), 'three')
      })

      test('encodes once, with the revision that the entry gets', async () => {
        const revisions: number[] = []
        const entry = await store.commit({
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
        const entry = await store.commit({
          kind: 'put',
          key: 'pods/a',
          expect: undefined,
          encode: () => ({ value: pooled }),
        })
        assert.equal(entry.value.buffer.byteLength, entry.value.byteLength)
        assert.deepEqual(entry.value, pooled)
      })

      test('a create of what exists is a conflict that tells what is there', async () => {
        const there = await commitPut('pods/a', 'one', { absent: true })
        const error = await failure(commitPut('pods/a', 'two', { absent: true }), 'conflict')
        assert.equal(error.current, there)
        assert.equal(store.get('pods/a'), there)
      })

      test('an update at another revision, or of nothing, is a conflict', async () => {
        const first = await commitPut('pods/a', 'one')
        const second = await commitPut('pods/a', 'two', { revision: first.revision })
        const error = await failure(commitPut('pods/a', 'three', { revision: first.revision }), 'conflict')
        assert.equal(error.current, second)
        const missing = await failure(commitPut('pods/b', 'x', { revision: first.revision }), 'conflict')
        assert.equal(missing.current, undefined)
      })

      test('does not encode when the expectation is not met', async () => {
        await commitPut('pods/a', 'one')
        const operation: Operation = {
          kind: 'put',
          key: 'pods/a',
          expect: { absent: true },
          encode: () => assert.fail('encoded'),
        }
        await failure(store.commit(operation), 'conflict')
      })

      test('a delete removes the key and resolves with its last state', async () => {
        const put = await commitPut('pods/a', 'one')
        const last = await store.commit({
          kind: 'delete',
          key: 'pods/a',
          expect: { revision: put.revision },
          encode: (revision) => ({ value: Buffer.from(`gone at ${revision}`) }),
        })
        assert.ok(last.revision > put.revision)
        assert.equal(text(last), `gone at ${last.revision}`)
        assert.equal(store.get('pods/a'), undefined)
        const recreated = await commitPut('pods/a', 'two', { absent: true })
        assert.equal(recreated.createRevision, recreated.revision)
      })

      test('a delete without an encoder keeps the previous value and attachment', async () => {
        const put = await commitPut('pods/a', 'one')
        put.attachment = { parsed: true }
        const last = await commitDelete('pods/a')
        assert.equal(text(last), 'one')
        assert.equal(last.attachment, put.attachment)
      })

      test('a delete of what does not exist is a conflict', async () => {
        await failure(commitDelete('pods/a'), 'conflict')
        await failure(commitDelete('pods/a', { revision: 1 }), 'conflict')
      })

      test('a value that cannot be encoded fails alone', async () => {
        const good = commitPut('pods/a', 'one')
        const bad = store.commit({
          kind: 'put',
          key: 'pods/b',
          expect: undefined,
          encode: () => {
            throw new TypeError('not encodable')
          },
        })
        const after = commitPut('pods/c', 'three')
        await assert.rejects(bad, new TypeError('not encodable'))
        assert.equal(text(await good), 'one')
        assert.equal(text(await after), 'three')
        assert.equal(store.get('pods/b'), undefined)
      })
    })

    describe('pending writes', () => {
      test('are seen by later operations and by getPending, not by reads', async () => {
        const first = commitPut('pods/a', 'one', { absent: true })
        assert.equal(store.get('pods/a'), undefined)
        assert.equal(text(store.getPending('pods/a')), 'one')
        const conflict = failure(commitPut('pods/a', 'two', { absent: true }), 'conflict')
        const { revision } = store.getPending('pods/a')!
        const second = commitPut('pods/a', 'three', { revision })
        const third = commitDelete('pods/a')
        assert.equal(store.getPending('pods/a'), undefined)
        assert.equal((await first).revision, revision)
        await conflict
        assert.equal(text(await second), 'three')
        await third
        assert.equal(store.get('pods/a'), undefined)
      })

      test('writes of one turn are all committed, in call order', async () => {
        const entries = await Promise.all(
          Array.from({ length: 3_000 }, (_, i) => commitPut(`pods/${i}`, `${i}`)),
        )
        const revisions = entries.map((entry) => entry.revision)
        assert.deepEqual(
          revisions,
          revisions.toSorted((a, b) => a - b),
        )
        assert.equal(new Set(revisions).size, 3_000)
        assert.equal(store.list({ prefix: 'pods' }).entries.length, 3_000)
      })
    })

    describe('lists', () => {
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
        await Promise.all(keys.map((key) => commitPut(key, key)))
        const inOrder = keys.filter((key) => key.startsWith('pods/')).sort()
        assert.deepEqual(keysOf(store, 'pods'), inOrder)
        assert.deepEqual(keysOf(store, 'pods/'), inOrder)
        assert.deepEqual(
          keysOf(store, 'pods/a/'),
          inOrder.filter((key) => key.startsWith('pods/a/')),
        )
        assert.deepEqual(keysOf(store, 'pod'), [])
      })

      test('are paged by limit and startAfter, and tell how many remain', async () => {
        const keys = Array.from({ length: 25 }, (_, i) => `pods/ns/p${String(i).padStart(2, '0')}`)
        await Promise.all([...keys, 'pods/other/p'].map((key) => commitPut(key, key)))
        const seen: string[] = []
        for (let startAfter: string | undefined; ; ) {
          const page = store.list({ prefix: 'pods/ns/', limit: 10, ...(startAfter ? { startAfter } : {}) })
          seen.push(...page.entries.map((entry) => entry.key))
          assert.equal(page.remaining, keys.length - seen.length)
          if (page.remaining === 0) break
          startAfter = page.entries.at(-1)!.key
        }
        assert.deepEqual(seen, keys)
        assert.deepEqual(store.list({ prefix: 'pods/ns/', startAfter: 'pods/zz' }).entries, [])
      })

      test('tell a past state: changed, deleted and created keys, paged', async () => {
        for (const name of ['a', 'b', 'c', 'd']) await commitPut(`pods/${name}`, `${name} then`)
        const { revision } = store
        await commitPut('pods/a', 'a now')
        await commitDelete('pods/b')
        await commitPut('pods/aa', 'new')
        await commitDelete('pods/d')
        await commitPut('pods/d', 'again')
        const past = store.list({ prefix: 'pods', revision })
        assert.deepEqual(past.entries.map(text), ['a then', 'b then', 'c then', 'd then'])
        assert.equal(past.revision, revision)
        const page = store.list({ prefix: 'pods', revision, limit: 2, startAfter: 'pods/a' })
        assert.deepEqual(page.entries.map(text), ['b then', 'c then'])
        assert.equal(page.remaining, 1)
        assert.deepEqual(store.list({ prefix: 'pods' }).entries.map(text), [
          'a now',
          'new',
          'c then',
          'again',
        ])
      })

      test('of a revision that does not exist yet are refused', () => {
        throwsCode(() => store.list({ prefix: 'pods', revision: store.revision + 1 }), 'future-revision')
      })

      test('stats count entries and bytes of each bucket', async () => {
        await commitPut('pods/a', 'four')
        await commitPut('pods/b', 'sixsix')
        await commitPut('pods/a', 'eighteig')
        await commitPut('nodes/n', 'x')
        await commitDelete('nodes/n')
        assert.deepEqual([...store.stats()], [['pods', { count: 2, bytes: 14 }]])
      })
    })

    describe('watches', () => {
      test('deliver history, then what comes, without gap or repeat', async () => {
        await commitPut('pods/a', '1')
        const after = store.revision
        await commitPut('pods/a', '2')
        await commitPut('nodes/n', 'not a pod')
        const seen = new Seen(store, { prefix: 'pods', after })
        const last = commitDelete('pods/a')
        await commitPut('pods/b', '3')
        await last
        await seen.until((events) => events.length >= 3)
        assert.deepEqual(seen.events.map(describeEvent), [
          'put pods/a 2 was 1',
          'delete pods/a 2 was 2',
          'put pods/b 3',
        ])
      })

      test('a watch opened while a batch is in flight misses nothing', async () => {
        const committed = Promise.all(['a', 'b'].map((name) => commitPut(`pods/${name}`, name)))
        const seen = new Seen(store, { prefix: 'pods', after: store.revision })
        await committed
        assert.deepEqual(seen.events.map(describeEvent), ['put pods/a a', 'put pods/b b'])
      })

      test('are told before the writer is', async () => {
        const seen = new Seen(store, { prefix: 'pods', after: store.revision })
        const { revision } = await commitPut('pods/a', '1')
        assert.deepEqual(
          seen.events.map((event) => event.revision),
          [revision],
        )
      })

      test('see only their prefix', async () => {
        const seen = new Seen(store, { prefix: 'pods/a/', after: store.revision })
        await Promise.all(['pods/a/x', 'pods/b/x', 'nodes/a', 'pods/a/y'].map((key) => commitPut(key, '-')))
        assert.deepEqual(seen.events.map(describeEvent), ['put pods/a/x -', 'put pods/a/y -'])
      })

      test('of one prefix share the events of a batch', async () => {
        const batches: (readonly StoreEvent[])[] = []
        const onEvents = (events: readonly StoreEvent[]) => batches.push(events)
        for (let i = 0; i < 3; i++) store.watch({ prefix: 'pods', after: store.revision, onEvents })
        await commitPut('nodes/n', 'all are live after this')
        await Promise.all([commitPut('pods/a', '1'), commitPut('pods/b', '2')])
        assert.equal(batches.length, 3)
        assert.ok(batches.every((batch) => batch === batches[0] && batch.length === 2))
      })

      test('stop when they are closed, also by another watcher', async () => {
        const seen = new Seen(store, { prefix: 'pods', after: store.revision })
        await commitPut('pods/a', '1')
        seen.close()
        seen.close()
        await commitPut('pods/a', '2')
        assert.equal(seen.events.length, 1)
      })

      test('one that throws is ended, the others go on', async () => {
        let ended: string | undefined
        store.watch({
          prefix: 'pods',
          after: store.revision,
          onEvents: () => assert.fail('a bug'),
          onEnd: (error) => {
            ended = error.code
          },
        })
        const seen = new Seen(store, { prefix: 'pods', after: store.revision })
        await commitPut('pods/a', '1')
        await commitPut('pods/a', '2')
        assert.equal(ended, 'closed')
        assert.equal(seen.events.length, 2)
      })

      test('from the future are refused', () => {
        throwsCode(() => new Seen(store, { prefix: 'pods', after: store.revision + 1 }), 'future-revision')
      })
    })

    describe('compaction', () => {
      test('forgets history and keeps the state', async () => {
        for (let i = 0; i < 5; i++) await commitPut('pods/a', `${i}`)
        await commitPut('pods/b', 'gone')
        await commitDelete('pods/b')
        const past = store.revision - 2
        await store.compact(store.revision)
        assert.equal(store.compactedRevision, store.revision)
        throwsCode(() => new Seen(store, { prefix: 'pods', after: past }), 'compacted')
        throwsCode(() => store.list({ prefix: 'pods', revision: past }), 'compacted')
        assert.deepEqual(store.list({ prefix: 'pods' }).entries.map(text), ['4'])
        const seen = new Seen(store, { prefix: 'pods', after: store.revision })
        await commitPut('pods/a', 'more')
        assert.deepEqual(seen.events.map(describeEvent), ['put pods/a more was 4'])
      })

      test('ends a watch that has not caught up', async () => {
        const after = store.revision
        await commitPut('pods/a', '1')
        const seen = new Seen(store, { prefix: 'pods', after })
        await store.compact(store.revision)
        await seen.until(() => seen.ended !== undefined)
        assert.equal(seen.ended, 'compacted')
        assert.deepEqual(seen.events, [])
      })

      test('of the future is refused, of the past does nothing', async () => {
        await failure(store.compact(store.revision + 1), 'future-revision')
        await store.compact(0)
        assert.equal(store.compactedRevision, 1)
      })

      test('happens by age by itself', async () => {
        const { revision } = await commitPut('pods/a', '1')
        clock.advance(4 * 60_000)
        const newer = await commitPut('pods/a', '2')
        assert.equal(store.compactedRevision, 1)
        clock.advance(2 * 60_000)
        assert.equal(store.compactedRevision, revision)
        clock.advance(10 * 60_000)
        assert.equal(store.compactedRevision, newer.revision)
      })
    })

    describe('expiry', () => {
      test('deletes a key after its time and tells watchers', async () => {
        const seen = new Seen(store, { prefix: 'events', after: store.revision })
        await store.commit({ ...putOf('events/e', 'x'), expiresAt: clock.now() + 60_000 })
        clock.advance(59_000)
        assert.ok(store.getPending('events/e'))
        clock.advance(3_000)
        await seen.until((events) => events.length === 2)
        assert.deepEqual(seen.events.map(describeEvent), ['put events/e x', 'delete events/e x was x'])
        assert.equal(store.get('events/e'), undefined)
      })

      test('a later write decides: a new time, or none', async () => {
        const expiresAt = clock.now() + 60_000
        await store.commit({ ...putOf('events/later', '1'), expiresAt })
        await store.commit({ ...putOf('events/never', '1'), expiresAt })
        await store.commit({ ...putOf('events/later', '2'), expiresAt: expiresAt + 60_000 })
        await commitPut('events/never', '2')
        clock.advance(90_000)
        assert.ok(store.getPending('events/later') && store.getPending('events/never'))
        const seen = new Seen(store, { prefix: 'events', after: store.revision })
        clock.advance(90_000)
        await seen.until((events) => events.length > 0)
        assert.deepEqual(keysOf(store, 'events'), ['events/never'])
      })
    })

    describe('closing', () => {
      test('settles pending writes, ends watches, and refuses what comes after', async () => {
        const seen = new Seen(store, { prefix: 'pods', after: store.revision })
        const pending = commitPut('pods/a', '1')
        const closed = store.close()
        assert.equal(store.close(), closed)
        await failure(commitPut('pods/b', '2'), 'closed')
        assert.equal(text(await pending), '1')
        await closed
        assert.equal(seen.events.length, 1)
        assert.equal(seen.ended, 'closed')
        throwsCode(() => new Seen(store, { prefix: 'pods', after: store.revision }), 'closed')
        await failure(store.compact(1), 'closed')
      })
    })
  })
}

export function putOf(key: string, value: string, expect?: Operation['expect']): Operation & { kind: 'put' } {
  return { kind: 'put', key, expect, encode: () => ({ value: Buffer.from(value) }) }
}

export function text(entry: Entry | undefined): string | undefined {
  return entry?.value.toString()
}

export function describeEvent({ type, entry, previous }: StoreEvent): string {
  const was = previous === undefined ? '' : ` was ${text(previous)}`
  return `${type} ${entry.key} ${text(entry)}${was}`
}

/** Rejects unless `promise` rejects with a StoreError of this code; resolves with that error. */
export async function failure(promise: Promise<unknown>, code: StoreErrorCode) {
  const error = await promise.then(
    () => assert.fail(`expected '${code}', but it succeeded`),
    (rejected: unknown) => rejected,
  )
  assertCode(error, code)
  return error
}

function throwsCode(action: () => unknown, code: StoreErrorCode): void {
  assert.throws(action, (error) => {
    assertCode(error, code)
    return true
  })
}

function assertCode(
  error: unknown,
  code: StoreErrorCode,
): asserts error is { code: string; current: unknown } {
  assert.ok(error instanceof Error)
  assert.equal('code' in error && error.code, code, error.message)
}

function keysOf(store: Store, prefix: string): string[] {
  return store.list({ prefix }).entries.map((entry) => entry.key)
}

/** How long `Seen.until` waits: far longer than any delivery takes. */
const SEEN_LIMIT_MS = 10_000

/** A watch that remembers. */
export class Seen {
  readonly events: StoreEvent[] = []
  ended: string | undefined
  readonly close: () => void
  #changed: () => void = () => {}

  constructor(store: Store, { prefix, after }: { prefix: string; after: number }) {
    const watch = store.watch({
      prefix,
      after,
      onEvents: (events) => {
        this.events.push(...events)
        this.#changed()
      },
      onEnd: (error) => {
        this.ended = error.code
        this.#changed()
      },
    })
    this.close = () => watch.close()
  }

  async until(condition: (events: readonly StoreEvent[]) => boolean): Promise<void> {
    if (condition(this.events)) return
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the watch did not get there')), SEEN_LIMIT_MS)
      this.#changed = () => {
        if (!condition(this.events)) return
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
