import assert from 'node:assert/strict'
import { test } from 'node:test'
import { putOf } from '../contract-suite/steps.ts'
import { openMemoryStore } from './open.ts'

test('history past the bound of events is forgotten, most of it is kept', async () => {
  const store = openMemoryStore({ retention: { historyEvents: 1_000 } })
  for (let n = 0; n < 5_000; n++) {
    await store.commit(putOf('pods/a', `${n}`))
    const kept = store.revision - store.compactedRevision
    assert.ok(kept <= 1_000 && kept >= Math.min(n, 700), `${kept} events are kept`)
  }
  await store.close()
})

test('history past the bound of bytes is forgotten, but never the state', async () => {
  const store = openMemoryStore({ retention: { historyBytes: 100_000 } })
  for (let n = 0; n < 200; n++) await store.commit(putOf(`pods/${n % 50}`, 'x'.repeat(5_000)))
  const kept = store.revision - store.compactedRevision
  assert.ok(kept > 0 && kept <= 20, `${kept} events are kept`)
  assert.equal(store.list({ prefix: 'pods' }).entries.length, 50)
  await store.close()
})
