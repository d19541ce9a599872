// Conformance: what watchers see, from where, and in which order.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '@brume/base/errors'
import { conformanceApi, type Json } from './api.ts'

const api = conformanceApi()

async function configMaps() {
  const namespace = await api.namespace()
  const path = `/api/v1/namespaces/${namespace}/configmaps`
  const version = async () => (await api.get(path)).metadata.resourceVersion
  return {
    path,
    version,
    create: (name: string, label: string) =>
      api.create(path, { metadata: { name, labels: { watch: label } } }),
    mutate: (name: string, mutation: number) =>
      api.patch(`${path}/${name}`, { data: { mutation: String(mutation) } }),
    relabel: (name: string, label: string) =>
      api.patch(`${path}/${name}`, { metadata: { labels: { watch: label } } }),
  }
}

const shown = (events: readonly Json[]) =>
  events.map(({ type, object }) => `${type} ${object.metadata.name} ${object.data?.mutation ?? 0}`)

test('watchers see the changes of what their selector matches, and nothing else', async () => {
  const { path, version, create, mutate } = await configMaps()
  const resourceVersion = await version()
  const watch = (labelSelector: string) => api.watch(path, { labelSelector, resourceVersion })
  const [a, b, both] = [watch('watch=a'), watch('watch=b'), watch('watch in (a,b)')]
  await create('a', 'a')
  await mutate('a', 1)
  await mutate('a', 2)
  await create('b', 'b')
  await api.delete(`${path}/a`)
  await api.delete(`${path}/b`)
  const ofA = ['ADDED a 0', 'MODIFIED a 1', 'MODIFIED a 2', 'DELETED a 2']
  assert.deepEqual(shown(await a.count(4)), ofA)
  assert.deepEqual(shown(await b.count(2)), ['ADDED b 0', 'DELETED b 0'])
  assert.deepEqual(shown(await both.count(6)), [
    ...ofA.slice(0, 3),
    'ADDED b 0',
    'DELETED a 2',
    'DELETED b 0',
  ])
})

test('a watch from a version sees what came after it', async () => {
  const { path, create, mutate } = await configMaps()
  await create('m', 'a')
  const first = await mutate('m', 1)
  await mutate('m', 2)
  await api.delete(`${path}/m`)
  const watch = api.watch(path, {
    resourceVersion: first.metadata.resourceVersion,
    fieldSelector: 'metadata.name=m',
  })
  assert.deepEqual(shown(await watch.count(2)), ['MODIFIED m 2', 'DELETED m 2'])
})

test('a watch goes on from the last version that the one before it saw', async () => {
  const { path, version, create, mutate } = await configMaps()
  const query = { labelSelector: 'watch=a' }
  const before = api.watch(path, { ...query, resourceVersion: await version() })
  await create('m', 'a')
  await mutate('m', 1)
  const last = (await before.count(2))[1]!.object.metadata.resourceVersion
  before.stop()
  await mutate('m', 2)
  await api.delete(`${path}/m`)
  const after = api.watch(path, { ...query, resourceVersion: last })
  assert.deepEqual(shown(await after.count(2)), ['MODIFIED m 2', 'DELETED m 2'])
})

test('an object that leaves the selector is deleted for the watcher, and added when it comes back', async () => {
  const { path, version, create, mutate, relabel } = await configMaps()
  const watch = api.watch(path, { labelSelector: 'watch=here', resourceVersion: await version() })
  await create('m', 'here')
  await mutate('m', 1)
  await relabel('m', 'away')
  await mutate('m', 2)
  await relabel('m', 'here')
  await mutate('m', 3)
  await api.delete(`${path}/m`)
  assert.deepEqual(shown(await watch.count(6)), [
    'ADDED m 0',
    'MODIFIED m 1',
    'DELETED m 1',
    'ADDED m 2',
    'MODIFIED m 3',
    'DELETED m 3',
  ])
  assert.equal(watch.events[2]!.object.metadata.labels.watch, 'here', 'its last state inside the selector')
})

test('watches that begin at each event of another see the same events in the same order', async () => {
  const { path, version, create, mutate } = await configMaps()
  const resourceVersion = await version()
  const first = api.watch(path, { resourceVersion, labelSelector: 'watch' })
  const writes = async () => {
    for (let n = 0; n < 20; n++) {
      const name = `m-${n % 4}`
      const deleted = n % 8 === 7
      if (n < 4) await create(name, 'a')
      else if (deleted) {
        await api.delete(`${path}/${name}`)
        await create(name, 'a')
      } else await mutate(name, n)
    }
  }
  const written = writes()
  const total = 22
  const others: { from: number; watch: ReturnType<typeof api.watch> }[] = []
  for (let seen = 1; seen <= total; seen += 3) {
    const { metadata } = (await first.count(seen))[seen - 1]!.object
    others.push({
      from: seen,
      watch: api.watch(path, { resourceVersion: metadata.resourceVersion, labelSelector: 'watch' }),
    })
  }
  await written
  const order = (await first.count(total)).map(({ object }) => object.metadata.resourceVersion)
  assert.deepEqual(
    order,
    [...order].sort((a, b) => Number(a) - Number(b)),
  )
  for (const { from, watch } of others) {
    const seen = await watch.count(total - from)
    assert.deepEqual(
      seen.map(({ object }) => object.metadata.resourceVersion),
      order.slice(from),
    )
  }
})

test('a watch without a version, or from "0", begins with what exists', async () => {
  const { path, create } = await configMaps()
  await create('m', 'a')
  for (const query of [{}, { resourceVersion: '0' }] as Record<string, string>[]) {
    const watch = api.watch(path, { ...query, labelSelector: 'watch' })
    assert.deepEqual(shown(await watch.count(1)), ['ADDED m 0'])
    watch.stop()
  }
})

test('a streamed list ends with a bookmark that says so', async () => {
  const { path, create, mutate } = await configMaps()
  await create('m', 'a')
  const watch = api.watch(path, {
    sendInitialEvents: 'true',
    allowWatchBookmarks: 'true',
    resourceVersionMatch: 'NotOlderThan',
    labelSelector: 'watch',
  })
  const bookmark = await watch.saw('the bookmark', ({ type }) => type === 'BOOKMARK')
  assert.equal(bookmark.object.metadata.annotations['k8s.io/initial-events-end'], 'true')
  assert.deepEqual(shown(watch.events.slice(0, 1)), ['ADDED m 0'])
  await mutate('m', 1)
  await watch.saw('the change', ({ type }) => type === 'MODIFIED')
})

test('a watch ends when its time is over, after a bookmark for those who asked for one', async () => {
  const { path, version } = await configMaps()
  const resourceVersion = await version()
  const watch = api.watch(path, { resourceVersion, timeoutSeconds: '1', allowWatchBookmarks: 'true' })
  await watch.end()
  assert.equal(watch.ended, true)
})

test('a watch from a version whose history is gone is told so', async () => {
  const { path, version, create } = await configMaps()
  const old = await version()
  await create('m', 'a')
  const { store } = api.plane.plane
  await store.compact(store.revision)
  const watch = api.watch(path, { resourceVersion: old })
  await watch.end()
  assert.ok(watch.ended instanceof StatusError)
  assert.deepEqual([watch.ended.code, watch.ended.reason], [410, 'Expired'])
})

test('watches and lists of the same kind in all namespaces agree on versions', async () => {
  const { path, create } = await configMaps()
  const { metadata } = await create('m', 'a')
  const list = await api.get('/api/v1/configmaps')
  assert.ok(BigInt(list.metadata.resourceVersion) >= BigInt(metadata.resourceVersion))
  const watch = api.watch('/api/v1/configmaps', {
    resourceVersion: list.metadata.resourceVersion,
    labelSelector: 'watch',
  })
  await api.delete(`${path}/m`)
  const { object } = await watch.saw(
    'the deletion',
    ({ type, object }) => type === 'DELETED' && object.metadata.uid === metadata.uid,
  )
  assert.ok(
    BigInt(object.metadata.resourceVersion) > BigInt(metadata.resourceVersion),
    'the version of the deletion',
  )
})
