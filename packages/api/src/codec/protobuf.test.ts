import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mutateBytes, seededRandom } from '@brume/base/seeded-random'
import { schemaFor } from '../schema/compile.ts'
import { decodeBuiltin } from '../schema/decode.ts'
import {
  DecodeError,
  decodeEnvelope,
  decodeProtobuf,
  decodeProtobufMessage,
  encodeProtobuf,
  encodeProtobufMessage,
  isProtobuf,
  wrapUnknown,
} from './protobuf.ts'
import { encodeProtobufList, encodeWatchFrame } from './protobuf-list.ts'

const POD = schemaFor('io.k8s.api.core.v1.Pod')
const DEPLOYMENT = schemaFor('io.k8s.api.apps.v1.Deployment')
const CRD = schemaFor('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition')

const pod = decodeBuiltin(
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web-0',
      labels: { b: '2', a: '1' },
      creationTimestamp: '2024-02-29T12:00:00Z',
      managedFields: [{ manager: 'kubectl', fieldsV1: { 'f:spec': { '.': {} } } }],
    },
    spec: {
      containers: [
        {
          name: 'web',
          image: 'registry.example/web:1',
          ports: [{ containerPort: 80 }],
          livenessProbe: { httpGet: { path: '/é', port: 'http' }, initialDelaySeconds: 5 },
          readinessProbe: { httpGet: { port: 8080 } },
          resources: { limits: { cpu: '0.5', memory: '1Gi' } },
        },
      ],
      volumes: [{ name: 'data', configMap: { name: 'settings', defaultMode: 420 } }],
      terminationGracePeriodSeconds: 9007199254740993n,
      activeDeadlineSeconds: -1,
    },
  },
  POD,
).value

test('an object is the same after a round trip', () => {
  const bytes = encodeProtobuf(pod, POD)
  assert.ok(isProtobuf(bytes))
  assert.deepEqual(
    decodeProtobuf(bytes, () => POD),
    pod,
  )
})

test('a message without envelope has no apiVersion and kind', () => {
  const { apiVersion, kind, ...rest } = pod
  assert.deepEqual(decodeProtobufMessage(encodeProtobufMessage(pod, POD), POD), rest)
})

test('schemas inside a CustomResourceDefinition survive, alternatives included', () => {
  const crd = decodeBuiltin(
    {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'things.example.com' },
      spec: {
        group: 'example.com',
        names: { plural: 'things', kind: 'Thing' },
        scope: 'Cluster',
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: 'object',
                properties: {
                  list: { type: 'array', items: { type: 'string', maxLength: 3 } },
                  tuple: { items: [{ type: 'string' }, { type: 'integer' }] },
                  free: { type: 'object', additionalProperties: true },
                  closed: { additionalProperties: false },
                  map: { additionalProperties: { type: 'integer', default: 5, enum: [1, null, 'x'] } },
                  dependent: { dependencies: { a: ['b'], c: { type: 'object' } }, minimum: 1.5 },
                },
              },
            },
          },
        ],
      },
    },
    CRD,
  ).value
  assert.deepEqual(
    decodeProtobuf(encodeProtobuf(crd, CRD), () => CRD),
    crd,
  )
})

test('unknown fields are skipped', () => {
  const unknown = Buffer.from([0xfa, 0x7f, 0x03, 1, 2, 3, 0xf0, 0x7f, 0x05, 0xf5, 0x7f, 1, 2, 3, 4])
  const raw = Buffer.concat([encodeProtobufMessage(pod, POD), unknown])
  assert.deepEqual(
    decodeProtobuf(wrapUnknown('v1', 'Pod', raw), () => POD),
    pod,
  )
})

test('a message that comes twice is merged, a list goes on', () => {
  const first = encodeProtobufMessage({ metadata: { name: 'a', finalizers: ['x'] } }, POD)
  const second = encodeProtobufMessage({ metadata: { name: 'b', finalizers: ['y'] } }, POD)
  const merged = decodeProtobufMessage(Buffer.concat([first, second]), POD)
  assert.deepEqual((merged.metadata as { finalizers: string[] }).finalizers, ['x', 'y'])
  assert.equal((merged.metadata as { name: string }).name, 'b')
})

test('the envelope tells the kind', () => {
  const bytes = encodeProtobuf(pod, POD)
  const { apiVersion, kind, contentType, contentEncoding } = decodeEnvelope(bytes)
  assert.deepEqual(
    { apiVersion, kind, contentType, contentEncoding },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      contentType: '',
      contentEncoding: '',
    },
  )
})

test('a body that is no protobuf and a kind that nobody knows are refused', () => {
  assert.throws(() => decodeProtobuf(Buffer.from('{}'), () => POD), DecodeError)
  assert.throws(() => decodeProtobuf(Buffer.alloc(0), () => POD), DecodeError)
  assert.throws(() => decodeProtobuf(encodeProtobuf(pod, POD), () => undefined), {
    name: 'DecodeError',
    message: 'no kind "Pod" is registered for version "v1"',
  })
})

test('a list joined from encoded items is what the list itself would be', () => {
  const list = {
    apiVersion: 'v1',
    kind: 'PodList',
    metadata: { resourceVersion: '42', remainingItemCount: 7 },
    items: Array.from({ length: 300 }, (_, i) => ({ ...pod, metadata: { ...pod.metadata, name: `p${i}` } })),
  }
  const schema = schemaFor('io.k8s.api.core.v1.PodList')
  const chunks = encodeProtobufList({
    ...list,
    items: list.items.map((item) => encodeProtobufMessage(item, POD)),
  })
  assert.ok(Buffer.concat(chunks).equals(encodeProtobuf(list, schema)))
})

test('an empty list has its envelope and metadata', () => {
  const schema = schemaFor('io.k8s.api.core.v1.PodList')
  const chunks = encodeProtobufList({ apiVersion: 'v1', kind: 'PodList', metadata: {}, items: [] })
  assert.deepEqual(
    decodeProtobuf(Buffer.concat(chunks), () => schema),
    {
      kind: 'PodList',
      apiVersion: 'v1',
      metadata: {},
      items: null,
    },
  )
})

test('a watch frame is a length and a WatchEvent around the whole body', () => {
  const body = encodeProtobuf(pod, POD)
  const frame = encodeWatchFrame('ADDED', body)
  assert.equal(frame.readUInt32BE(0), frame.length - 4)
  const event = frame.subarray(4)
  assert.deepEqual(event.subarray(0, 7), Buffer.from('\n\x05ADDED', 'latin1'))
  assert.ok(event.subarray(event.length - body.length).equals(body))
  const object = { apiVersion: 'v1', kind: 'Status', message: 'x'.repeat(200) }
  const json = Buffer.from(JSON.stringify(object))
  const schema = schemaFor('io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent')
  assert.deepEqual(decodeProtobufMessage(encodeWatchFrame('DELETED', json).subarray(4), schema), {
    type: 'DELETED',
    object,
  })
})

test('truncated at every byte, a body is refused or still an object', () => {
  const bytes = encodeProtobuf(pod, POD)
  for (let length = 0; length < bytes.length; length++) onlyDecodeErrors(bytes.subarray(0, length))
})

test('hostile lengths, numbers and nesting are refused', () => {
  const hostile = [
    [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f],
    [0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
    [0x00, 0x00],
    [0x0b, 0x0b, 0x0b],
    [0x0c],
    [0x0f, 0x01],
    Array(1000).fill(0xff),
  ]
  for (const raw of hostile) {
    assert.throws(() => decodeProtobufMessage(Buffer.from(raw), POD), DecodeError, String(raw.slice(0, 8)))
  }
  let nested: Buffer = Buffer.alloc(0)
  const not = (content: Buffer) => encodeNested(28, content)
  for (let i = 0; i < 2000; i++) nested = not(nested)
  const props = schemaFor('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps')
  assert.throws(() => decodeProtobufMessage(nested, props), {
    name: 'DecodeError',
    message: 'proto: message is nested too deeply',
  })
})

test('a bad quantity, time or embedded JSON is a decode error', () => {
  const metadata = (raw: number[]) => Buffer.from([0x0a, raw.length, ...raw])
  const farFuture = [0x42, 0x0a, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]
  assert.throws(() => decodeProtobufMessage(metadata(farFuture), POD), DecodeError)
  const status = schemaFor('io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent')
  assert.throws(() => decodeProtobufMessage(Buffer.from([0x12, 0x03, 0x0a, 0x01, 0x7b]), status), DecodeError)
})

test('fuzz: mutated bodies give an object or a DecodeError, and an object encodes again', () => {
  const random = seededRandom(6)
  const bytes = encodeProtobuf(pod, POD)
  for (let i = 0; i < 8000; i++) onlyDecodeErrors(mutateBytes(bytes, random))
})

test('fuzz: random bytes as any message give an object or a DecodeError', () => {
  const random = seededRandom(7)
  for (let i = 0; i < 5000; i++) {
    const raw = Buffer.from(Array.from({ length: random.below(40) }, () => random.below(256)))
    for (const schema of [POD, DEPLOYMENT, CRD]) {
      try {
        decodeProtobufMessage(raw, schema)
      } catch (error) {
        assert.ok(error instanceof DecodeError, `${raw.toString('hex')}: ${error}`)
      }
    }
  }
})

function onlyDecodeErrors(bytes: Buffer): void {
  try {
    const object = decodeProtobuf(bytes, (apiVersion, kind) =>
      `${apiVersion}${kind}` === '' ? undefined : POD,
    )
    assert.deepEqual(
      decodeProtobuf(encodeProtobuf(object, POD), () => POD),
      object,
    )
  } catch (error) {
    assert.ok(error instanceof DecodeError, `${bytes.toString('hex')}: ${(error as Error).stack}`)
  }
}

function encodeNested(number: number, content: Buffer): Buffer {
  const header: number[] = []
  for (let tag = (number << 3) | 2; ; tag >>>= 7) {
    header.push(tag > 0x7f ? (tag & 0x7f) | 0x80 : tag)
    if (tag <= 0x7f) break
  }
  for (let length = content.length; ; length >>>= 7) {
    header.push(length > 0x7f ? (length & 0x7f) | 0x80 : length)
    if (length <= 0x7f) break
  }
  return Buffer.concat([Buffer.from(header), content])
}
