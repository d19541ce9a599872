// What every kind must do, whatever it is: be found by discovery; create, get, list, watch, patch in each way, update,
// status, delete one and delete many. One behaviour, run with a table row per kind.

import assert from 'node:assert/strict'
import { eventually } from '@brume/testkit/eventually'
import { type Api, assertRefused, type Json, unique } from '../api.ts'

export interface Row {
  /** Absent: the core group. */
  group?: string
  version?: string
  resource: string
  kind: string
  clusterScoped?: true
  /** The object without its name. `n` differs between the three objects of a run. */
  body(n: number, namespace?: string): Json
  /** A change of the spec by merge patch, and whether an object shows it. Absent: labels only. */
  change?: { patch: object; shows(object: Json): boolean }
  /**
   * A merge patch of the status, and whether an object shows it; whether such a write leaves the metadata as it was.
   * Absent: the kind has no status subresource.
   */
  status?: { patch: object; shows(object: Json): boolean; keepsMetadata?: true }
  noDeleteCollection?: true
  /** The kind's own rule for names. */
  name?: (suffix: string) => string
}

/** New objects are written by their controllers, a few times. */
const MAX_ATTEMPTS = 20
const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

export const groupVersionPath = ({ group, version = 'v1' }: Row) =>
  group === undefined ? `/api/${version}` : `/apis/${group}/${version}`

export async function checkOperations(api: Api, row: Row): Promise<void> {
  const namespace = row.clusterScoped ? undefined : await api.namespace()
  const all = `${groupVersionPath(row)}/${row.resource}`
  const run = {
    api,
    row,
    all,
    path: namespace === undefined ? all : all.replace(/[^/]+$/, `namespaces/${namespace}/$&`),
  }
  await checkDiscovery(run)
  const label = unique('run')
  const selector = { labelSelector: `run=${label}` }
  const names = [1, 2, 3].map((n) => row.name?.(`${label}-${n}`) ?? `${label}-${n}`)
  const body = (n: number, labels: object) => {
    const object = row.body(n, namespace)
    return { ...object, metadata: { name: names[n - 1], labels, ...object.metadata } }
  }
  const empty = await api.get(run.path, selector)
  assert.deepEqual(empty.items, [])
  const watch = api.watch(run.path, { ...selector, resourceVersion: empty.metadata.resourceVersion })

  const first = await api.create(run.path, body(1, { run: label }))
  assert.equal(first.kind, row.kind)
  assert.match(first.metadata.uid, /^[0-9a-f-]{36}$/)
  assert.ok(first.metadata.creationTimestamp)
  await api.create(run.path, body(2, { run: label }))
  await api.create(run.path, body(3, { bystander: label }))
  await api.refused(409, 'AlreadyExists', 'POST', run.path, body(1, { run: label }))

  const one = `${run.path}/${names[0]}`
  assert.equal((await api.get(one)).metadata.uid, first.metadata.uid)
  assert.deepEqual(namesOf(await api.get(run.path, selector)), [names[0], names[1]])
  assert.deepEqual(namesOf(await api.get(all, selector)), [names[0], names[1]])
  await checkViews(run, one, selector)
  await checkProtobuf(run, one)
  await checkPatches(run, one)
  await checkUpdate(run, one)
  await checkStatus(run, one)
  await checkDeletion(run, one)

  await watch.saw(
    'the creation',
    (event) => event.type === 'ADDED' && event.object.metadata.name === names[0],
  )
  await watch.saw('the patch', (event) => event.object.metadata.annotations?.patched === 'merge')
  await watch.saw('the update', (event) => event.object.metadata.annotations?.updated === 'yes')
  await watch.saw(
    'the deletion',
    ({ type, object }) => type === 'DELETED' && object.metadata.name === names[0],
  )
  assert.ok(watch.events.every(({ object }) => object.metadata.labels.run === label))
  watch.stop()

  if (row.noDeleteCollection) {
    const answer = await api.send('DELETE', run.path, undefined, { query: selector })
    assertRefused(answer, 405, 'MethodNotAllowed', `delete all ${row.resource}`)
    return
  }
  await api.delete(run.path, { gracePeriodSeconds: 0 }, selector)
  await eventually('an empty collection', async () => (await api.get(run.path, selector)).items.length === 0)
  assert.deepEqual(namesOf(await api.get(run.path, { labelSelector: `bystander=${label}` })), [names[2]])
  await api.delete(`${run.path}/${names[2]}`, { gracePeriodSeconds: 0 })
}

interface Run {
  api: Api
  row: Row
  /** Of all namespaces. */
  all: string
  /** Of the run's namespace, or of the cluster. */
  path: string
}

const namesOf = (list: Json): string[] => list.items.map((item: Json) => item.metadata.name).sort()

async function checkDiscovery({ api, row }: Run): Promise<void> {
  const { group, version = 'v1' } = row
  if (group !== undefined) {
    const groupVersion = `${group}/${version}`
    const listed = (await api.get('/apis')).groups.find(({ name }: Json) => name === group)
    assert.ok(
      listed?.versions.some((entry: Json) => entry.groupVersion === groupVersion),
      `/apis lists ${groupVersion}`,
    )
    const own = await api.get(`/apis/${group}`)
    assert.ok(
      own.versions.some((entry: Json) => entry.groupVersion === groupVersion),
      `/apis/${group}`,
    )
  }
  const { resources } = await api.get(groupVersionPath(row))
  const found = resources.find(({ name }: Json) => name === row.resource)
  assert.ok(found, `${groupVersionPath(row)} lists ${row.resource}`)
  assert.equal(found.kind, row.kind)
  assert.equal(found.namespaced, !row.clusterScoped)
  const verbs = VERBS.filter((verb) => !(row.noDeleteCollection && verb === 'deletecollection'))
  assert.deepEqual([...found.verbs].sort(), verbs)
  assert.ok(found.storageVersionHash, 'the hash of the stored version')
  if (row.status === undefined) return
  const status = resources.find(({ name }: Json) => name === `${row.resource}/status`)
  assert.deepEqual([...(status?.verbs ?? [])].sort(), ['get', 'patch', 'update'], `${row.resource}/status`)
}

/** Tables and metadata alone: what kubectl and controllers ask for. */
async function checkViews(
  { api, path, row }: Run,
  one: string,
  query: Record<string, string>,
): Promise<void> {
  const accept = (as: string) => ({
    query,
    headers: { accept: `application/json;as=${as};g=meta.k8s.io;v=v1` },
  })
  const table = await api.send('GET', path, undefined, accept('Table'))
  assert.equal(table.status, 200, table.text)
  assert.equal(table.body.kind, 'Table')
  assert.equal(table.body.rows.length, 2)
  assert.equal(table.body.columnDefinitions[0].name, row.kind === 'Event' ? 'Last Seen' : 'Name')
  for (const { cells } of table.body.rows) assert.equal(cells.length, table.body.columnDefinitions.length)
  const list = await api.send('GET', path, undefined, accept('PartialObjectMetadataList'))
  assert.equal(list.body.kind, 'PartialObjectMetadataList')
  assert.ok(list.body.items.every((item: Json) => item.spec === undefined && item.metadata.uid))
  const single = await api.send('GET', one, undefined, accept('PartialObjectMetadata'))
  assert.equal(single.body.kind, 'PartialObjectMetadata')
}

/** What client-go's typed clients speak: an object read as protobuf and written back so is the same object. */
async function checkProtobuf({ api }: Run, one: string): Promise<void> {
  const { transport } = api.plane.client
  for (let attempt = 1; ; attempt++) {
    const before = await api.get(one)
    const read = await transport.request({ method: 'GET', path: one, headers: { accept: PROTOBUF } })
    const bytes = await read.buffer()
    assert.equal(read.headers['content-type'], PROTOBUF)
    assert.equal(bytes.subarray(0, 4).toString('latin1'), 'k8s\0')
    const { status, body } = await api.send('PUT', one, bytes, { contentType: PROTOBUF })
    const controllerWrote =
      status === 409 || body.metadata.resourceVersion !== before.metadata.resourceVersion
    if (controllerWrote && attempt < MAX_ATTEMPTS) continue
    assert.deepEqual(body, before)
    return
  }
}

async function checkPatches({ api, row }: Run, one: string): Promise<void> {
  const before = await api.get(one)
  const merged = await api.patch(one, { metadata: { annotations: { patched: 'merge' } } })
  assert.equal(merged.metadata.annotations.patched, 'merge')
  assert.notEqual(merged.metadata.resourceVersion, before.metadata.resourceVersion)
  const strategic = await api.patch(one, { metadata: { annotations: { strategic: 'yes' } } }, 'strategic')
  assert.deepEqual(
    [strategic.metadata.annotations.patched, strategic.metadata.annotations.strategic],
    ['merge', 'yes'],
  )
  const json = [
    { op: 'test', path: '/metadata/annotations/strategic', value: 'yes' },
    { op: 'remove', path: '/metadata/annotations/strategic' },
  ]
  assert.equal((await api.patch(one, json, 'json')).metadata.annotations.strategic, undefined)
  const apply = {
    apiVersion: before.apiVersion,
    kind: before.kind,
    metadata: { name: before.metadata.name, annotations: { applied: 'yes' } },
  }
  const applied = await api.patch(one, apply, 'apply', { fieldManager: 'conformance', force: 'true' })
  assert.equal(applied.metadata.annotations.applied, 'yes')
  assert.ok(
    applied.metadata.managedFields.some(
      ({ manager, operation }: Json) => manager === 'conformance' && operation === 'Apply',
    ),
  )
  if (row.change === undefined) return
  const changed = await api.patch(one, row.change.patch)
  assert.ok(row.change.shows(changed), `the change shows in ${JSON.stringify(changed)}`)
  assert.ok(row.change.shows(await api.get(one)))
}

async function checkUpdate({ api }: Run, one: string): Promise<void> {
  const stale = await api.get(one)
  const updated = await api.edit(one, ({ metadata }) => {
    metadata.annotations.updated = 'yes'
  })
  assert.equal(updated.metadata.annotations.updated, 'yes')
  assert.equal(updated.metadata.uid, stale.metadata.uid)
  stale.metadata.annotations.updated = 'no'
  await api.refused(409, 'Conflict', 'PUT', one, stale)
}

async function checkStatus({ api, row }: Run, one: string): Promise<void> {
  if (row.status === undefined) return
  const { shows, patch, keepsMetadata = false } = row.status
  const { generation } = (await api.get(one)).metadata
  const annotations = { statusPatched: 'yes' }
  const patched = await api.patch(`${one}/status`, { ...patch, metadata: { annotations } })
  assert.ok(shows(patched), `the status shows in ${JSON.stringify(patched)}`)
  assert.equal(patched.metadata.annotations.statusPatched, keepsMetadata ? undefined : 'yes')
  const read = await api.get(`${one}/status`)
  assert.equal(read.kind, row.kind)
  assert.ok(shows(read))
  const replaced = await api.edit(`${one}/status`, ({ metadata }) => {
    metadata.annotations.statusUpdated = 'yes'
  })
  assert.equal(replaced.metadata.annotations.statusUpdated, keepsMetadata ? undefined : 'yes')
  assert.ok(shows(replaced))
  assert.equal(replaced.metadata.generation, generation, 'a status is no new generation')
}

async function checkDeletion({ api }: Run, one: string): Promise<void> {
  const { metadata } = await api.get(one)
  const wrong = await api.send('DELETE', one, { preconditions: { uid: 'another' } })
  assertRefused(wrong, 409, 'Conflict', `DELETE ${one} of another uid`)
  await api.delete(one, undefined, { dryRun: 'All' })
  assert.equal((await api.get(one)).metadata.uid, metadata.uid)
  await api.delete(one, { gracePeriodSeconds: 0, preconditions: { uid: metadata.uid } })
  await eventually(`${one} is gone`, async () => (await api.send('GET', one)).status === 404)
  await api.refused(404, 'NotFound', 'GET', one)
  await api.refused(404, 'NotFound', 'DELETE', one)
}
