import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeProtobuf } from '@brume/api/codec/protobuf'
import type { Accepted } from '../http/accept.ts'
import { CONFIG_MAPS, client, eventsOf, JSON_FORM, MANY_MS, PREFIX, settled, world } from './testing.ts'

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
