// Protobuf by hand, as clients in any language may send it: bodies, lists, watch frames, views, errors.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  decodeEnvelope,
  decodeProtobuf,
  decodeProtobufMessage,
  encodeProtobuf,
} from '@brume/api/codec/protobuf'
import { builtinResources } from '@brume/api/kinds/builtin'
import type { KubeObject } from '@brume/api/object'
import type { ResourceDefinition } from '@brume/api/resource'
import { schemaFor } from '@brume/api/schema/compile'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { SAMPLES } from './samples.ts'
import { fieldsOf } from './wire.ts'

const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const namespace = 'default'

let plane: TestControlPlane
before(async () => {
  plane = await startTestControlPlane()
  const path = '/api/v1/namespaces/default/serviceaccounts/default'
  await eventually('the default service account', async () => (await call('GET', path)).status === 200)
})
after(() => plane.stop())

interface Answer {
  status: number
  type: string
  bytes: Buffer
}

interface CallOptions {
  query?: Record<string, string>
  accept?: string
  contentType?: string
}

async function call(
  method: string,
  path: string,
  body?: Buffer | string,
  { query = {}, accept = PROTOBUF, contentType = PROTOBUF }: CallOptions = {},
): Promise<Answer> {
  const response = await plane.client.transport.request({
    method,
    path,
    query,
    headers: { accept, ...(body === undefined ? {} : { 'content-type': contentType }) },
    ...(body === undefined ? {} : { body }),
  })
  return {
    status: response.status,
    type: String(response.headers['content-type']),
    bytes: await response.buffer(),
  }
}

const definitions = builtinResources()
function definitionOf({ apiVersion, kind }: KubeObject): ResourceDefinition {
  const [version, group = ''] = apiVersion!.split('/').reverse()
  const found = definitions.find((d) => d.group === group && d.version === version && d.kind === kind)
  assert.ok(found !== undefined, `${apiVersion} ${kind} is built in`)
  return found
}

function pathOf({ group, version, plural, namespaced }: ResourceDefinition): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  return `${root}/${namespaced ? `namespaces/${namespace}/` : ''}${plural}`
}

const decode = (bytes: Buffer, definition: ResourceDefinition) =>
  decodeProtobuf(bytes, () => definition.schema)
const meta = (bytes: Buffer, kind: string) => decodeProtobuf(bytes, () => schemaFor(`${META}.${kind}`)) as Any
// biome-ignore lint/suspicious/noExplicitAny: objects of any kind
type Any = any

const json = { accept: 'application/json', contentType: 'application/json' }

test('what is created in one encoding is read alike in the other, for many kinds', async (t) => {
  for (const sample of SAMPLES) {
    const definition = definitionOf(sample)
    const path = pathOf(definition)
    const { name } = sample.metadata
    await t.test(sample.kind, async () => {
      for (const [from, body, options] of [
        ['protobuf', encodeProtobuf(sample, definition.schema), { accept: PROTOBUF }],
        ['JSON', JSON.stringify(sample), json],
      ] as const) {
        const made = await call('POST', path, body, options)
        assert.equal(made.status, 201, `${from}: ${made.bytes}`)
        const [asJson, asProtobuf] = await Promise.all([
          call('GET', `${path}/${name}`, undefined, json),
          call('GET', `${path}/${name}`),
        ])
        assert.equal(asProtobuf.type, PROTOBUF)
        assert.deepEqual(
          settled(decode(asProtobuf.bytes, definition)),
          settled(JSON.parse(String(asJson.bytes))),
        )
        const removed = await call('DELETE', `${path}/${name}`, deleteNow(), { accept: PROTOBUF })
        assert.ok(removed.status === 200 || removed.status === 202, String(removed.bytes))
        await eventually(`${name} is gone`, async () => {
          return (await call('GET', `${path}/${name}`)).status === 404
        })
      }
    })
  }
})

/** Controllers may have written between two reads. */
function settled(object: Any): Any {
  const { status: _status, metadata, ...rest } = object
  const { managedFields: _fields, resourceVersion: _version, annotations: _notes, ...kept } = metadata
  return { ...rest, metadata: kept }
}

function deleteNow(): Buffer {
  const options = { kind: 'DeleteOptions', apiVersion: 'v1', metadata: {}, gracePeriodSeconds: 0 }
  return encodeProtobuf(options as KubeObject, schemaFor(`${META}.DeleteOptions`))
}

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const configMapDefinition = () => definitionOf({ apiVersion: 'v1', kind: 'ConfigMap', metadata: {} })
const configMap = (name: string): Buffer =>
  encodeProtobuf(
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: { set: 'frames' } }, data: { a: 'ä' } },
    configMapDefinition().schema,
  )

/** A list's message by a decoder that is not ours: 1 metadata, 2 items. */
const itemsOf = (list: Buffer): Buffer[] => fieldsOf(list, 2)

test('lists and pages are protobuf, and their items too', async () => {
  for (const name of ['f-1', 'f-2', 'f-3'])
    assert.equal((await call('POST', CONFIG_MAPS, configMap(name))).status, 201)
  const answer = await call('GET', CONFIG_MAPS, undefined, {
    query: { labelSelector: 'set=frames', limit: '2' },
  })
  const envelope = decodeEnvelope(answer.bytes)
  assert.deepEqual([envelope.apiVersion, envelope.kind], ['v1', 'ConfigMapList'])
  const items = itemsOf(envelope.raw)
  const names = items.map(
    (item) => (decodeProtobufMessage(item, configMapDefinition().schema) as Any).metadata.name,
  )
  assert.deepEqual(names, ['f-1', 'f-2'])
})

test('watch frames are protobuf: length, WatchEvent, and in it the enveloped object', async () => {
  const answer = await call('GET', CONFIG_MAPS, undefined, {
    accept: `${PROTOBUF};stream=watch`,
    query: {
      watch: 'true',
      labelSelector: 'set=frames',
      timeoutSeconds: '1',
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: 'true',
    },
  })
  assert.equal(answer.type, `${PROTOBUF};stream=watch`)
  const events = frames(answer.bytes).map((frame) => {
    const { type, raw } = readEvent(frame)
    return [type, decode(raw, configMapDefinition()).metadata]
  }) as [string, Any][]
  // Another bookmark may come just before the end.
  assert.deepEqual(
    events.slice(0, 4).map(([type, { name }]) => `${type} ${name ?? ''}`),
    ['ADDED f-1', 'ADDED f-2', 'ADDED f-3', 'BOOKMARK '],
  )
  assert.equal(events[3]![1].annotations['k8s.io/initial-events-end'], 'true')
})

/** Four bytes of length, big endian, before each. */
function frames(bytes: Buffer): Buffer[] {
  const found: Buffer[] = []
  let at = 0
  while (at < bytes.length) {
    const end = at + 4 + bytes.readUInt32BE(at)
    found.push(bytes.subarray(at + 4, end))
    at = end
  }
  assert.equal(at, bytes.length, 'no frame is cut short')
  return found
}

/** metav1.WatchEvent without an envelope: 1 type, 2 RawExtension { 1 raw: an object in its envelope }. */
function readEvent(frame: Buffer): { type: string; raw: Buffer } {
  return { type: String(fieldsOf(frame, 1)[0]), raw: fieldsOf(fieldsOf(frame, 2)[0]!, 1)[0]! }
}

test('metadata comes in protobuf, alone and in lists; a Table never does', async () => {
  const as = (kind: string) => ({ accept: `${PROTOBUF};as=${kind};v=v1;g=meta.k8s.io` })
  const query = { labelSelector: 'set=frames' }
  const partial = meta(
    (await call('GET', `${CONFIG_MAPS}/f-1`, undefined, as('PartialObjectMetadata'))).bytes,
    'PartialObjectMetadata',
  )
  assert.deepEqual(
    [partial.kind, partial.metadata.name, partial.data],
    ['PartialObjectMetadata', 'f-1', undefined],
  )
  const list = meta(
    (await call('GET', CONFIG_MAPS, undefined, { ...as('PartialObjectMetadataList'), query })).bytes,
    'PartialObjectMetadataList',
  )
  assert.deepEqual(
    list.items.map((item: Any) => item.metadata.name),
    ['f-1', 'f-2', 'f-3'],
  )
  const table = await call('GET', CONFIG_MAPS, undefined, { ...as('Table'), query })
  assert.deepEqual([table.status, JSON.parse(String(table.bytes)).reason], [406, 'NotAcceptable'])
})

test('errors are a Status in protobuf, with their details', async () => {
  const missing = await call('GET', `${CONFIG_MAPS}/missing`)
  assert.deepEqual([missing.status, missing.type], [404, PROTOBUF])
  const status = meta(missing.bytes, 'Status')
  assert.deepEqual(
    [status.kind, status.status, status.reason, status.code, status.message, status.details.name],
    ['Status', 'Failure', 'NotFound', 404, 'configmaps "missing" not found', 'missing'],
  )
  const exists = meta((await call('POST', CONFIG_MAPS, configMap('f-1'))).bytes, 'Status')
  assert.equal(exists.reason, 'AlreadyExists')
  const invalid = meta((await call('POST', CONFIG_MAPS, configMap('Bad_Name'))).bytes, 'Status')
  assert.equal(invalid.details.causes[0].field, 'metadata.name')
})

test('bodies that are no protobuf, of another kind, or cut short are bad requests', async () => {
  const refused = async (body: Buffer) => {
    const answer = await call('POST', CONFIG_MAPS, body, { accept: 'application/json' })
    const status = JSON.parse(String(answer.bytes))
    assert.deepEqual([answer.status, status.reason], [400, 'BadRequest'], status.message)
    return status.message as string
  }
  assert.match(await refused(Buffer.from('{"kind":"ConfigMap"}')), /does not appear to be a protobuf message/)
  await refused(configMap('short').subarray(0, 40))
  const secret = definitionOf({ apiVersion: 'v1', kind: 'Secret', metadata: {} })
  await refused(encodeProtobuf({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } }, secret.schema))
})

test('custom resources have no protobuf, but their metadata has', async () => {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'wells.proto.brume.dev' },
    spec: {
      group: 'proto.brume.dev',
      scope: 'Cluster',
      names: { plural: 'wells', kind: 'Well' },
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
      ],
    },
  }
  const definition = definitionOf(crd)
  const made = await call('POST', path, encodeProtobuf(crd as KubeObject, definition.schema))
  assert.equal(made.status, 201, String(made.bytes))
  const wells = '/apis/proto.brume.dev/v1/wells'
  await eventually('it is served', async () => (await call('GET', wells, undefined, json)).status === 200)
  assert.equal((await call('GET', wells)).status, 406)
  const partial = { accept: `${PROTOBUF};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io` }
  assert.equal((await call('GET', wells, undefined, partial)).type, PROTOBUF)
  const both = await call('GET', wells, undefined, { accept: `${PROTOBUF},application/json` })
  assert.deepEqual([both.status, both.type], [200, 'application/json'])
  const body = encodeProtobuf(
    { apiVersion: 'proto.brume.dev/v1', kind: 'Well', metadata: { name: 'w' } },
    definition.schema,
  )
  assert.equal((await call('POST', wells, body, { accept: 'application/json' })).status, 415)
})

test('collections are deleted with options in protobuf', async () => {
  const query = { labelSelector: 'set=frames' }
  const answer = await call('DELETE', CONFIG_MAPS, deleteNow(), { query })
  assert.equal(answer.status, 200, String(answer.bytes))
  const left = await call('GET', CONFIG_MAPS, undefined, { query })
  assert.equal(itemsOf(decodeEnvelope(left.bytes).raw).length, 0)
})
