import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PAUSE_IMAGE } from '@brume/images/pause/image'
import { CONTAINER_NAME, POD_UID } from '../containers/names.ts'
import { CONTAINER_EXITED, CONTAINER_RUNNING, SANDBOX_NOTREADY } from '../cri/enums.ts'
import { testNodeContext } from '../testing/node-context.ts'
import { startScriptedRuntime } from '../testing/scripted-runtime.ts'
import { decideContainerGc } from './container-gc.ts'
import { decideImageGc, IMAGE_GC_POLICY, imageGc, type ObservedImages, recordImages } from './image-gc.ts'

const NOW = Date.UTC(2026, 0, 1)
const OLD = IMAGE_GC_POLICY.minAgeMs
const image = (id: string, size: number, more: object = {}) => ({
  id,
  size,
  repoTags: [`r/${id}:1`],
  ...more,
})
const observed = (of: Partial<ObservedImages>): ObservedImages => ({
  images: [],
  containers: [],
  records: new Map(),
  disk: { capacityBytes: 1000, availableBytes: 100 },
  ...of,
})
const seen = (agoMs: number, usedAgoMs?: number) => ({
  firstSeenMs: NOW - agoMs,
  lastUsedMs: usedAgoMs === undefined ? undefined : NOW - usedAgoMs,
})
const removed = (of: ObservedImages, options = {}) =>
  decideImageGc(of, IMAGE_GC_POLICY, { now: NOW, ...options }).remove.map(({ id }) => id)

const IMAGES = [
  image('used', 50),
  image('recent', 60),
  image('pinned', 70, { pinned: true }),
  image('a', 30),
  image('b', 80),
]
const RECORDS = new Map([
  ['used', seen(OLD)],
  ['recent', seen(OLD - 1)],
  ['pinned', seen(OLD)],
  ['a', seen(OLD * 9, 1000)],
  ['b', seen(OLD * 9, 5000)],
])
const FULL = observed({ images: IMAGES, containers: [{ imageRef: 'used' }], records: RECORDS })

test('nothing goes below the high threshold', () => {
  assert.deepEqual(removed({ ...FULL, disk: { capacityBytes: 1000, availableBytes: 160 } }), [])
  assert.deepEqual(removed({ ...FULL, disk: { capacityBytes: 0, availableBytes: 0 } }), [])
})

test('above it the longest unused go until the low threshold is reached', () => {
  assert.deepEqual(removed({ ...FULL, disk: { capacityBytes: 1000, availableBytes: 150 } }), ['b'])
  assert.deepEqual(removed(FULL), ['b', 'a'])
})

test('an image that is used by any of its names, pinned or has just come never goes', () => {
  const names = { ...FULL, containers: [{ imageId: 'used' }, { imageRef: 'r/b:1' }] }
  assert.deepEqual(removed(names, { allUnused: true }), ['a'])
})

test('an image is remembered by when it came and when it was last used', () => {
  const later = recordImages(
    { images: [image('a', 1), image('new', 1)], containers: [{ imageId: 'new' }], records: RECORDS },
    NOW,
  )
  assert.deepEqual(later.get('a'), RECORDS.get('a'))
  assert.deepEqual(later.get('new'), { firstSeenMs: NOW, lastUsedMs: NOW })
  assert.equal(later.size, 2)
})

test('what was freed is told, and when it was not enough; the sandbox image stays', async () => {
  const gone: (string | undefined)[] = []
  const runtime = await startScriptedRuntime({
    ListImages: () => ({
      images: [image('a', 20_000_000), image('pause', 9_000_000, { repoTags: [PAUSE_IMAGE] })],
    }),
    ListContainers: () => ({}),
    RemoveImage: ({ image: spec }) => {
      gone.push(spec?.image)
      return {}
    },
  })
  try {
    let now = NOW
    const clock = { now: () => now, after: () => ({ cancel: () => {} }) }
    const context = testNodeContext({ root: '/nowhere', cri: runtime.cri, clock })
    const gc = imageGc(context, async () => ({ capacityBytes: 1e9, availableBytes: 1e8 }))
    await gc.observe()
    now += OLD
    assert.equal(await gc.collect(), 20_000_000)
    assert.deepEqual(gone, ['a'])
    assert.deepEqual(
      context.events.map(({ reason, message }) => [reason, message]),
      [
        ['ImagesRemoved', 'Freed 20 MB by removing 1 images that no container uses'],
        [
          'FreeDiskSpaceFailed',
          'Failed to garbage collect required amount of images. Attempted to free 100000000 bytes, but only found 20000000 bytes eligible to free.',
        ],
      ],
    )
  } finally {
    await runtime.stop()
  }
})

const nanos = (ms: number) => ms * 1_000_000
const container = (
  id: string,
  of: { uid?: string; name?: string; ago?: number; state?: number; sandbox?: string },
) => ({
  id,
  podSandboxId: of.sandbox ?? 's1',
  labels: { [POD_UID]: of.uid ?? 'u1', [CONTAINER_NAME]: of.name ?? 'web' },
  createdAt: nanos(NOW - (of.ago ?? 3_600_000)),
  state: of.state ?? CONTAINER_EXITED,
})
const sandbox = (id: string, of: { uid?: string; ago?: number; state?: number }) => ({
  id,
  labels: { [POD_UID]: of.uid ?? 'u1' },
  createdAt: nanos(NOW - (of.ago ?? 3_600_000)),
  state: of.state ?? SANDBOX_NOTREADY,
})
const known = (uid: string) => uid === 'u1'

test('of a container that died often, the last two are kept for status and --previous', () => {
  const containers = [4, 3, 2, 1].map((hours) => container(`c${hours}`, { ago: hours * 3_600_000 }))
  const plan = decideContainerGc({ containers, sandboxes: [], isKnown: known }, NOW)
  assert.deepEqual(plan.containers, ['c3', 'c4'])
  const running = containers.map((one) => ({ ...one, state: CONTAINER_RUNNING }))
  assert.deepEqual(
    decideContainerGc({ containers: running, sandboxes: [], isKnown: known }, NOW).containers,
    [],
  )
})

test('of a pod that is gone everything dead goes, but nothing that has just been made', () => {
  const containers = [
    container('c1', { uid: 'gone', sandbox: 's1' }),
    container('c2', { uid: 'gone', sandbox: 's2', ago: 1000 }),
  ]
  const sandboxes = [
    sandbox('s1', { uid: 'gone' }),
    sandbox('s2', { uid: 'gone' }),
    sandbox('s3', { uid: 'gone', state: 0 }),
  ]
  const plan = decideContainerGc({ containers, sandboxes, isKnown: known }, NOW)
  assert.deepEqual(plan, { containers: ['c1'], sandboxes: ['s1'] })
})

test('of a pod that lives the newest sandbox stays, and any that still has a container', () => {
  const sandboxes = [5, 4, 3].map((hours) => sandbox(`s${hours}`, { ago: hours * 3_600_000 }))
  const plan = decideContainerGc(
    { containers: [container('c', { sandbox: 's4' })], sandboxes, isKnown: known },
    NOW,
  )
  assert.deepEqual(plan, { containers: [], sandboxes: ['s5'] })
})
