import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { describeEvent, putOf, Seen, text } from '../contract-suite/steps.ts'
import { ManualClock } from '../manual-clock.ts'
import { tempDirs } from '../temp-dir.ts'
import { STORE_FILE } from './file.ts'
import { openSqliteStore } from './open.ts'

const tempDir = tempDirs()

/** Changes or reads a closed store's tables behind its back. */
function inDatabase<T>(dir: string, use: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(join(dir, STORE_FILE))
  try {
    return use(db)
  } finally {
    db.close()
  }
}

test('a watch goes on over a restart: the history is still there', async () => {
  const dir = tempDir()
  const store = await openSqliteStore({ dir })
  await store.commit(putOf('pods/a', '1'))
  const after = store.revision
  await store.commit(putOf('pods/a', '2'))
  await store.commit({ kind: 'delete', key: 'pods/a', expect: undefined })
  await store.close()
  const reopened = await openSqliteStore({ dir })
  const seen = new Seen(reopened, { prefix: 'pods', after })
  await reopened.commit(putOf('pods/a', '3', { absent: true }))
  assert.deepEqual(seen.events.map(describeEvent), [
    'put pods/a 2 was 1',
    'delete pods/a 2 was 2',
    'put pods/a 3',
  ])
  await reopened.close()
})

test('compaction leaves one row of the log for each key, and is remembered', async () => {
  const dir = tempDir()
  const store = await openSqliteStore({ dir })
  for (let round = 0; round < 50; round++) {
    await Promise.all(Array.from({ length: 100 }, (_, n) => store.commit(putOf(`pods/${n}`, `${round}`))))
  }
  await store.commit({ kind: 'delete', key: 'pods/7', expect: undefined })
  const { revision } = store
  await store.compact(revision)
  await store.close()
  const rows = inDatabase(dir, (db) => db.prepare('SELECT COUNT(*) AS n FROM log').get()?.['n'])
  assert.equal(rows, 99)
  const reopened = await openSqliteStore({ dir })
  assert.equal(reopened.compactedRevision, revision)
  assert.equal(reopened.revision, revision)
  assert.equal(reopened.list({ prefix: 'pods' }).entries.length, 99)
  assert.ok((await reopened.commit(putOf('pods/7', 'again'))).revision > revision)
  await reopened.close()
})

test('rows that a compaction had not removed yet are removed after the restart', async () => {
  const dir = tempDir()
  const store = await openSqliteStore({ dir })
  for (const value of ['1', '2', '3']) await store.commit(putOf('pods/a', value))
  const { revision } = store
  await store.close()
  inDatabase(dir, (db) => db.prepare("UPDATE meta SET value = ? WHERE name = 'compacted'").run(revision))
  const reopened = await openSqliteStore({ dir })
  assert.equal(text(reopened.get('pods/a')), '3')
  await reopened.close()
  assert.equal(
    inDatabase(dir, (db) => db.prepare('SELECT COUNT(*) AS n FROM log').get()?.['n']),
    1,
  )
})

test('a key expires also when its time came while the store was closed', async () => {
  const dir = tempDir()
  const clock = new ManualClock()
  const store = await openSqliteStore({ dir, clock })
  await store.commit({ ...putOf('events/a', 'x'), expiresAt: clock.now() + 60_000 })
  await store.commit(putOf('events/b', 'stays'))
  await store.close()
  clock.advance(3_600_000)
  const reopened = await openSqliteStore({ dir, clock })
  assert.equal(text(reopened.get('events/a')), 'x')
  const seen = new Seen(reopened, { prefix: 'events', after: reopened.revision })
  clock.advance(2_000)
  await seen.until((events) => events.length > 0)
  assert.deepEqual(seen.events.map(describeEvent), ['delete events/a x was x'])
  await reopened.close()
})

test('values of no bytes, large ones, and names in every alphabet come back as they were', async () => {
  const dir = tempDir()
  const values = new Map([
    ['pods/empty', Buffer.alloc(0)],
    ['pods/every-byte', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
    ['pods/large', Buffer.alloc(20_000_000, 'large')],
    ['pods/\u{1f32b}/\uffee/\u0001', Buffer.from('fog')],
  ])
  const store = await openSqliteStore({ dir })
  await Promise.all(
    [...values].map(([key, value]) =>
      store.commit({ kind: 'put', key, expect: undefined, encode: () => ({ value }) }),
    ),
  )
  await store.close()
  const reopened = await openSqliteStore({ dir })
  for (const [key, value] of values) {
    const entry = reopened.get(key)
    assert.ok(entry, key)
    assert.ok(entry.value.equals(value), key)
    assert.equal(entry.value.buffer.byteLength, value.byteLength)
  }
  await reopened.close()
})

for (const [name, sql] of [
  ['a key that is only in the log', "DELETE FROM state WHERE key = 'pods/b'"],
  ['a state at another revision than the log', "UPDATE state SET revision = 2 WHERE key = 'pods/b'"],
  ['a lost row of the log', 'DELETE FROM log WHERE revision = 3'],
  ['a changed value', "UPDATE log SET value = 'other' WHERE revision = 3"],
  ['a changed name', "UPDATE log SET key = 'pods/c' WHERE revision = 3"],
] as const) {
  test(`${name} is damage`, async () => {
    const dir = tempDir()
    const store = await openSqliteStore({ dir })
    for (const key of ['pods/a', 'pods/b', 'pods/c']) await store.commit(putOf(key, key))
    await store.close()
    inDatabase(dir, (db) => db.exec(sql))
    await assert.rejects(openSqliteStore({ dir }), { code: 'corrupt' })
  })
}
