import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { decodeProtobuf } from '@brume/api/codec/protobuf'
import { builtinResources } from '@brume/api/kinds/builtin'
import type { KubeObject } from '@brume/api/object'
import { silentLogger } from '@brume/base/log'
import type { Store } from '@brume/store/contract'
import { ManualClock } from '@brume/store/manual-clock'
import { openMemoryStore } from '@brume/store/memory/open'
import { eventually } from '@brume/testkit/eventually'
import type { Accepted } from '../http/accept.ts'
import type { Sink } from '../http/types.ts'
import { encodeEntry } from '../registry/entries.ts'
import { compileSelection } from '../request/selection.ts'
import { watchForm } from './frames.ts'
import { WatchHub } from './hub.ts'
import { MAX_BACKLOG_BYTES, Watcher, type WatcherOptions } from './watcher.ts'

const CONFIG_MAPS = builtinResources().find(({ plural }) => plural === 'configmaps')!
/** Between bookmarks: many ticks of the hub. */
const MANY_MS = 100_000
const PREFIX = 'configmaps/default/'
const JSON_FORM: Accepted = { encoding: 'json', as: '', asGroup: '', asVersion: '', pretty: false }

interface Client extends Sink {
  bytes: Buffer[]
  end_: 'open' | 'ended' | 'aborted'
  isReading: boolean
  /** Reads all that waits, as often as more comes. */
  read(): Promise<void>
}

/** A client that reads at once, or (`isReading` false) only when the test says so. */
function client(isReading = true): Client {
  let waiting = 0
  let onDrain: (() => void)[] = []
  const onClose: (() => void)[] = []
  const close = () => {
    for (const fn of onClose.splice(0)) fn()
  }
  const self: Client = {
    bytes: [],
    end_: 'open',
    isReading,
    write(chunk) {
      if (self.end_ !== 'open') return false
      self.bytes.push(Buffer.from(chunk))
      if (!self.isReading) waiting += chunk.length
      return self.isReading
    },
    end() {
      self.end_ = 'ended'
      close()
    },
    abort() {
      self.end_ = 'aborted'
      close()
    },
    get backlogBytes() {
      return waiting
    },
    get closed() {
      return self.end_ !== 'open'
    },
    onDrain: (fn) => void onDrain.push(fn),
    onClose: (fn) => void onClose.push(fn),
    async read() {
      while (waiting > 0) {
        waiting = 0
        const fns = onDrain
        onDrain = []
        for (const fn of fns) fn()
        await settled()
      }
    },
  }
  return self
}

/** Of the test that runs. */
let current: { hub: WatchHub; clock: ManualClock } | undefined

/** Lets the hub flush, whose ticks are up to so many milliseconds apart. */
async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) await turn()
  await eventually('the hub to be idle', () => {
    if (!current!.hub.isIdle) current!.clock.advance(50)
    return current!.hub.isIdle
  })
}

interface World {
  store: Store
  hub: WatchHub
  clock: ManualClock
  put(name: string, more?: { labels?: Record<string, string>; data?: string }): Promise<number>
  remove(name: string): Promise<number>
  watch(
    sink: Client,
    options?: Partial<WatcherOptions> & { labelSelector?: string; accepted?: Accepted },
  ): Watcher
}

function world(options: { bookmarkEveryMs?: number; historyEvents?: number } = {}): World {
  const clock = new ManualClock()
  const { historyEvents = 100_000 } = options
  const store = openMemoryStore({ retention: { historyEvents, historyBytes: 1e9 } })
  const hub = new WatchHub({ store, clock, logger: silentLogger, maxWatchers: 1_000, ...options })
  current = { hub, clock }
  const objectOf = (name: string, { labels = {}, data = '' }): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', uid: name, labels, creationTimestamp: null },
    data: { a: data },
  })
  return {
    store,
    hub,
    clock,
    async put(name, more = {}) {
      const encode = (revision: number) => encodeEntry(objectOf(name, more), revision)
      const entry = await store.commit({ kind: 'put', key: `${PREFIX}${name}`, expect: undefined, encode })
      return entry.revision
    },
    async remove(name) {
      const { value } = store.get(`${PREFIX}${name}`)!
      const last = JSON.parse(value.toString()) as KubeObject
      const encode = (revision: number) => encodeEntry(last, revision)
      const entry = await store.commit({ kind: 'delete', key: `${PREFIX}${name}`, expect: undefined, encode })
      return entry.revision
    },
    watch(sink, { labelSelector = '', accepted = JSON_FORM, ...more } = {}) {
      const form = watchForm({
        accepted,
        definition: CONFIG_MAPS,
        includeObject: 'Metadata',
        now: () => clock.now(),
      })
      const watcher = new Watcher({
        store,
        hub,
        sink,
        form,
        selection: compileSelection(CONFIG_MAPS, { labelSelector, fieldSelector: '' }),
        prefix: PREFIX,
        onlyKey: undefined,
        after: store.revision,
        initial: [],
        initialBookmark: undefined,
        bookmarks: false,
        ...more,
      })
      hub.add(watcher)
      watcher.start()
      return watcher
    },
  }
}

// biome-ignore lint/suspicious/noExplicitAny: events of any form
type Event = { type: string; object: any }

function eventsOf(sink: Client): Event[] {
  const text = Buffer.concat(sink.bytes).toString()
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Event)
}

const shown = (sink: Client) =>
  eventsOf(sink).map(
    ({ type, object }) => `${type} ${object.metadata.name ?? ''} ${object.metadata.resourceVersion}`,
  )

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

const VIEWS: Record<string, Accepted> = {
  Table: { ...JSON_FORM, as: 'Table', asGroup: 'meta.k8s.io', asVersion: 'v1' },
  PartialObjectMetadata: {
    ...JSON_FORM,
    as: 'PartialObjectMetadata',
    asGroup: 'meta.k8s.io',
    asVersion: 'v1',
  },
}

for (const [kind, accepted] of Object.entries(VIEWS)) {
  test(`a watch as ${kind} has events and bookmarks of that kind, also the one that ends the initial events`, async () => {
    const { clock, store, put, watch } = world({ bookmarkEveryMs: MANY_MS })
    await put('a')
    const sink = client()
    const { entries: initial, revision } = store.list({ prefix: PREFIX })
    watch(sink, { accepted, initial, initialBookmark: revision, bookmarks: true })
    await put('b')
    await settled()
    clock.advance(MANY_MS)
    const events = eventsOf(sink)
    assert.deepEqual(
      events.map(({ type, object }) => `${type} ${object.kind}`),
      [`ADDED ${kind}`, `BOOKMARK ${kind}`, `ADDED ${kind}`, `BOOKMARK ${kind}`],
    )
    const marked = kind === 'Table' ? events[1]!.object.rows[0].object : events[1]!.object
    assert.equal(marked.metadata.annotations['k8s.io/initial-events-end'], 'true')
  })
}

test('a watch in protobuf has a length before each event, and the objects in protobuf', async () => {
  const { store, put, watch } = world()
  await put('a', { data: 'x' })
  const sink = client()
  const { entries: initial, revision } = store.list({ prefix: PREFIX })
  const accepted: Accepted = { ...JSON_FORM, encoding: 'protobuf' }
  watch(sink, { accepted, initial, initialBookmark: revision })
  await settled()
  const bytes = Buffer.concat(sink.bytes)
  const events: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const frame = bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at))
    // WatchEvent: the type, then the object in an envelope of its own.
    const type = frame.subarray(2, 2 + frame[1]!).toString()
    const object = decodeProtobuf(frame.subarray(frame.indexOf('k8s\0')), () => CONFIG_MAPS.schema)
    events.push(`${type} ${object.kind} ${object.metadata.resourceVersion}`)
    at += 4 + frame.length
  }
  assert.deepEqual(events, [`ADDED ConfigMap ${revision}`, `BOOKMARK ConfigMap ${revision}`])
})
