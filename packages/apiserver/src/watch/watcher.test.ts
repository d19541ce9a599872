import assert from 'node:assert/strict'
import { test } from 'node:test'
import { client, eventsOf, MANY_MS, PREFIX, settled, shown, world } from './testing.ts'
import { MAX_BACKLOG_BYTES } from './watcher.ts'

test('an object comes into a selector as ADDED, changes as MODIFIED, and leaves as DELETED with its last matching state', async () => {
  const { put, remove, watch } = world()
  const sink = client()
  watch(sink, { labelSelector: 'in=yes' })
  await put('a', { labels: { in: 'no' }, data: '1' })
  const added = await put('a', { labels: { in: 'yes' }, data: '2' })
  const modified = await put('a', { labels: { in: 'yes' }, data: '3' })
  const left = await put('a', { labels: { in: 'no' }, data: '4' })
  await put('a', { labels: { in: 'no' }, data: '5' })
  const back = await put('a', { labels: { in: 'yes' }, data: '6' })
  const deleted = await remove('a')
  await settled()
  assert.deepEqual(shown(sink), [
    `ADDED a ${added}`,
    `MODIFIED a ${modified}`,
    `DELETED a ${left}`,
    `ADDED a ${back}`,
    `DELETED a ${deleted}`,
  ])
  const gone = eventsOf(sink)[2]!.object
  assert.deepEqual([gone.data.a, gone.metadata.labels], ['3', { in: 'yes' }], 'the state before it left')
})

test('a watch of one object sees that one alone', async () => {
  const { put, remove, watch } = world()
  const sink = client()
  watch(sink, { onlyKey: `${PREFIX}a` })
  const first = await put('a')
  await put('ab')
  await remove('ab')
  const last = await remove('a')
  await settled()
  assert.deepEqual(shown(sink), [`ADDED a ${first}`, `DELETED a ${last}`])
})

test('what came before the watch, or while it began, is not missed and not repeated', async () => {
  const { store, put, watch } = world()
  const from = store.revision
  const revisions = [await put('a'), await put('b')]
  const sink = client()
  const pending = put('c')
  watch(sink, { after: from })
  revisions.push(await pending, await put('d'))
  await settled()
  assert.deepEqual(
    eventsOf(sink).map(({ object }) => Number(object.metadata.resourceVersion)),
    revisions,
  )
})

test('the initial state comes first, as it is read, then the bookmark that ends it, then what happened meanwhile', async () => {
  const { store, put, watch } = world()
  const data = 'x'.repeat(50_000)
  for (let i = 0; i < 40; i++) await put(`o${i}`, { data })
  const sink = client(false)
  const { entries: initial, revision } = store.list({ prefix: PREFIX })
  watch(sink, { initial, initialBookmark: revision })
  assert.ok(sink.backlogBytes < 700_000, `${sink.backlogBytes} of two million bytes wait`)
  const later = await put('later')
  await settled()
  assert.ok(eventsOf(sink).length < 20)
  await sink.read()
  const events = eventsOf(sink)
  assert.equal(events.length, 42)
  assert.ok(events.slice(0, 40).every(({ type }) => type === 'ADDED'))
  assert.equal(events[40]!.type, 'BOOKMARK')
  assert.deepEqual(events[40]!.object.metadata.annotations, { 'k8s.io/initial-events-end': 'true' })
  assert.equal(events[40]!.object.metadata.resourceVersion, String(revision))
  assert.equal(events[41]!.object.metadata.resourceVersion, String(later))
})

test('a watcher that reads in bursts gets everything in order', async () => {
  const { put, watch } = world()
  const sink = client(false)
  watch(sink)
  const revisions: number[] = []
  const data = 'x'.repeat(20_000)
  for (let i = 0; i < 200; i++) {
    revisions.push(await put(`o${i % 7}`, { data }))
    if (i % 50 === 0) await sink.read()
  }
  await settled()
  await sink.read()
  assert.deepEqual(
    eventsOf(sink).map(({ object }) => Number(object.metadata.resourceVersion)),
    revisions,
  )
})

test('a watcher that reads nothing is dropped when it missed too much, and others are not', async () => {
  const { hub, put, watch } = world()
  const [deaf, good] = [client(false), client()]
  watch(deaf)
  watch(good)
  const data = 'x'.repeat(1_000_000)
  const rounds = Math.ceil(MAX_BACKLOG_BYTES / data.length) + 3
  for (let i = 0; i < rounds; i++) {
    await put('a', { data })
    await settled()
  }
  assert.equal(deaf.end_, 'aborted')
  assert.equal(good.end_, 'open')
  assert.equal(eventsOf(good).length, rounds)
  assert.equal(hub.watcherCount, 1)
  assert.ok(Buffer.concat(deaf.bytes).length < 3_000_000, 'most of it was never encoded for the deaf one')
})

test('a history of any size is read piece by piece, and is no reason to be dropped', async () => {
  const { store, put, watch } = world()
  const from = store.revision
  const data = 'x'.repeat(1_000_000)
  const rounds = Math.ceil(MAX_BACKLOG_BYTES / data.length) * 2
  for (let i = 0; i < rounds; i++) await put('a', { data })
  const sink = client(false)
  watch(sink, { after: from })
  await settled()
  assert.equal(sink.end_, 'open')
  assert.ok(sink.backlogBytes < 3_000_000)
  await sink.read()
  assert.equal(eventsOf(sink).length, rounds)
})

test('watchers of the same form share the bytes of a tick, and none are kept after it', async () => {
  const { hub, store, put, watch } = world()
  const written: (Buffer | string)[] = []
  for (let i = 0; i < 3; i++) {
    const sink = client()
    watch(Object.assign(sink, { write: (chunk: Buffer) => written.push(chunk) > 0 }))
  }
  await put('a')
  await settled()
  assert.equal(written.length, 3)
  assert.ok(written.every((bytes) => bytes === written[0]))
  const events: object[] = []
  store.watch({ prefix: PREFIX, after: 1, onEvents: (got) => events.push(...got) })
  await settled()
  let made = false
  hub.shared.event(events[0] as never, '/v1/configmaps/json////|ADDED', () => {
    made = true
    return Buffer.alloc(0)
  })
  assert.ok(made, 'nothing of it was kept')
})

test('who asked for bookmarks and is up to date gets them; the others do not', async () => {
  const { clock, store, put, watch } = world({ bookmarkEveryMs: MANY_MS })
  const [asking, behind, silent] = [client(), client(false), client()]
  watch(asking, { bookmarks: true })
  watch(behind, { bookmarks: true })
  watch(silent)
  const revision = await put('a', { data: 'x'.repeat(400_000) })
  await settled()
  // Others write too, and the watchers of this kind hear of it.
  const other = await store.commit({
    kind: 'put',
    key: 'secrets/default/s',
    expect: undefined,
    encode: () => ({ value: Buffer.from('{}') }),
  })
  clock.advance(MANY_MS)
  assert.deepEqual(shown(asking), [`ADDED a ${revision}`, `BOOKMARK  ${other.revision}`])
  assert.deepEqual(shown(behind), [`ADDED a ${revision}`])
  assert.deepEqual(shown(silent), [`ADDED a ${revision}`])
  clock.advance(MANY_MS)
  assert.equal(shown(asking).length, 3, 'again and again')
})

test('a watch that ends in time ends with a bookmark, and an unfinished initial state with a cut', async () => {
  const { store, put, watch } = world()
  for (let i = 0; i < 10; i++) await put(`o${i}`, { data: 'x'.repeat(200_000) })
  const [ready, slow] = [client(), client(false)]
  watch(ready, { bookmarks: true }).finish()
  assert.equal(ready.end_, 'ended')
  assert.deepEqual(shown(ready), [`BOOKMARK  ${store.revision}`])
  const { entries: initial } = store.list({ prefix: PREFIX })
  watch(slow, { initial, bookmarks: true }).finish()
  assert.equal(slow.end_, 'aborted')
})

test('a watch whose history is gone when it begins ends with an ERROR of 410', async () => {
  const { store, put, watch } = world()
  const from = store.revision
  await put('a')
  await store.compact(await put('b'))
  const sink = client()
  watch(sink, { after: from })
  assert.equal(sink.end_, 'ended')
  const [event] = eventsOf(sink)
  assert.equal(event!.type, 'ERROR')
  assert.deepEqual([event!.object.kind, event!.object.code, event!.object.reason], ['Status', 410, 'Expired'])
})

test('the closing of the store ends watches, also after the client has gone', async () => {
  const { hub, store, watch } = world()
  const [open, gone] = [client(), client()]
  watch(open)
  watch(gone)
  gone.abort()
  assert.equal(hub.watcherCount, 1, 'who goes is forgotten')
  await store.close()
  assert.equal(open.end_, 'ended')
  assert.equal(hub.watcherCount, 0)
})
