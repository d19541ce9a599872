import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@brume/base/seeded-random'
import type { Accepted } from '../http/accept.ts'
import { watchForm } from './framing.ts'
import { objectFraming } from './object-frames.ts'
import {
  CONFIG_MAPS,
  client,
  eventsOf,
  JSON_FORM,
  MANY_MS,
  objectClient,
  PREFIX,
  settled,
  world,
} from './testing.ts'
import { MAX_BACKLOG_BYTES } from './watcher.ts'

const SEED = Number(process.env['BRUME_SEED'] ?? 1)
const METADATA: Accepted = {
  ...JSON_FORM,
  as: 'PartialObjectMetadata',
  asGroup: 'meta.k8s.io',
  asVersion: 'v1',
}
const FORMS: Record<string, Accepted> = { objects: JSON_FORM, metadata: METADATA }
const CHANGES = 200

for (const [form, accepted] of Object.entries(FORMS)) {
  for (const labelSelector of ['', 'in=yes']) {
    test(`a reader in the process sees the ${form} that others see${labelSelector && ', through a selector'} (seed ${SEED})`, async () => {
      const random = seededRandom(SEED)
      const { clock, store, put, remove, watch, watchObjects } = world({ bookmarkEveryMs: MANY_MS })
      const names = ['a', 'b', 'c', 'd']
      const change = async () => {
        const name = random.pick(names)
        if (store.get(`${PREFIX}${name}`) !== undefined && random.chance(0.3)) await remove(name)
        else await put(name, { labels: { in: random.chance(0.5) ? 'yes' : 'no' }, data: `${random.next()}` })
      }
      for (let i = 0; i < 10; i++) await change()
      const { entries: initial, revision } = store.list({ prefix: PREFIX })
      const options = { accepted, labelSelector, initial, initialBookmark: revision, bookmarks: true }
      const [outside, inside] = [client(), objectClient()]
      watch(outside, options)
      watchObjects(inside, options)
      for (let i = 0; i < CHANGES; i++) await change()
      await settled()
      clock.advance(MANY_MS)
      const seen = eventsOf(outside)
      assert.ok(seen.length > CHANGES / 4)
      assert.deepEqual(JSON.parse(JSON.stringify(inside.events)), seen)
      assert.ok(
        inside.events.every(({ object }) => Object.isFrozen(object) && Object.isFrozen(object.metadata)),
      )
    })
  }
}

test('a reader in the process is given as little at a time as others, and all of it', async () => {
  const { store, put, watchObjects } = world()
  const data = 'x'.repeat(50_000)
  for (let i = 0; i < 40; i++) await put(`o${i}`, { data })
  const sink = objectClient(false)
  const { entries: initial, revision } = store.list({ prefix: PREFIX })
  watchObjects(sink, { initial, initialBookmark: revision })
  assert.ok(sink.backlogBytes < 700_000, `${sink.backlogBytes} of two million bytes wait`)
  await sink.read()
  assert.equal(sink.events.length, 41)
  assert.equal(sink.events.at(-1)!.object.metadata.resourceVersion, String(revision))
})

test('a reader in the process that takes nothing is dropped', async () => {
  const { hub, put, watchObjects } = world()
  const sink = objectClient(false)
  watchObjects(sink)
  const data = 'x'.repeat(1024 * 1024)
  for (let bytes = 0; bytes < MAX_BACKLOG_BYTES + 2 * data.length; bytes += data.length)
    await put('a', { data })
  await settled()
  assert.equal(sink.end_, 'aborted')
  assert.equal(hub.watcherCount, 0)
})

test('Tables and protobuf are made of bytes alone', () => {
  const form = (accepted: Accepted) =>
    watchForm({ accepted, definition: CONFIG_MAPS, includeObject: 'None', now: () => 0 })
  assert.equal(objectFraming(form({ ...METADATA, as: 'Table' })), undefined)
  assert.equal(objectFraming(form({ ...JSON_FORM, encoding: 'protobuf' })), undefined)
})
