// OpenAPI v3 in protobuf, read back by a decoder that knows OpenAPIv3.proto as a table, is the JSON document.
// (test/e2e/clients/go reads it with gnostic's own.)

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtinResources } from '@brume/api/kinds/builtin'
import type { JsonSchema } from '@brume/api/structural/json-schema'
import { definitionsOf } from '../crd/definitions.ts'
import { CRON_TAB_SCHEMA, cronTabCrd } from '../crd/testing.ts'
import type { ApiRequest, ApiResponse, PathHandler } from '../http/types.ts'
import { ResourceRegistry } from '../registry/resources.ts'
import type { Json } from './schema-json.ts'
import { createOpenApiV3 } from './v3.ts'

const PROTOBUF = 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf'
const ASKED = 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf'

/**
 * Fields of each message by number: name in JSON and type. `T[]`: repeated; `T{}`: a message whose field 1 repeats pairs of
 * a name and T; `T|ref`: a choice of T and a reference to it.
 */
const MESSAGES: Readonly<Record<string, Readonly<Record<number, readonly [string, string]>>>> = {
  Document: {
    1: ['openapi', 'text'],
    2: ['info', 'Info'],
    4: ['paths', 'PathItem{}'],
    5: ['components', 'Components'],
  },
  Info: { 1: ['title', 'text'], 6: ['version', 'text'] },
  Components: { 1: ['schemas', 'Schema|ref{}'], 7: ['securitySchemes', 'SecurityScheme|ref{}'] },
  SecurityScheme: { 1: ['type', 'text'], 2: ['description', 'text'], 3: ['name', 'text'], 4: ['in', 'text'] },
  PathItem: {
    4: ['get', 'Operation'],
    5: ['put', 'Operation'],
    6: ['post', 'Operation'],
    7: ['delete', 'Operation'],
    10: ['patch', 'Operation'],
    13: ['parameters', 'Parameter|ref[]'],
  },
  Operation: {
    1: ['tags', 'text[]'],
    3: ['description', 'text'],
    5: ['operationId', 'text'],
    6: ['parameters', 'Parameter|ref[]'],
    7: ['requestBody', 'RequestBody|ref'],
    8: ['responses', 'Responses'],
    13: ['', 'extension'],
  },
  Parameter: {
    1: ['name', 'text'],
    2: ['in', 'text'],
    3: ['description', 'text'],
    4: ['required', 'flag'],
    10: ['schema', 'Schema|ref'],
  },
  RequestBody: { 2: ['content', 'MediaType{}'], 3: ['required', 'flag'] },
  Response: { 1: ['description', 'text'], 3: ['content', 'MediaType{}'] },
  MediaType: { 1: ['schema', 'Schema|ref'] },
  Schema: {
    1: ['nullable', 'flag'],
    6: ['externalDocs', 'ExternalDocs'],
    7: ['example', 'any'],
    9: ['title', 'text'],
    10: ['multipleOf', 'double'],
    11: ['maximum', 'double'],
    12: ['exclusiveMaximum', 'flag'],
    13: ['minimum', 'double'],
    14: ['exclusiveMinimum', 'flag'],
    15: ['maxLength', 'int'],
    16: ['minLength', 'int'],
    17: ['pattern', 'text'],
    18: ['maxItems', 'int'],
    19: ['minItems', 'int'],
    20: ['uniqueItems', 'flag'],
    21: ['maxProperties', 'int'],
    22: ['minProperties', 'int'],
    23: ['required', 'text[]'],
    24: ['enum', 'any[]'],
    25: ['type', 'text'],
    26: ['allOf', 'Schema|ref[]'],
    27: ['oneOf', 'Schema|ref[]'],
    28: ['anyOf', 'Schema|ref[]'],
    29: ['not', 'Schema'],
    30: ['items', 'Items'],
    31: ['properties', 'Schema|ref{}'],
    32: ['additionalProperties', 'AdditionalProperties'],
    33: ['default', 'Default'],
    34: ['description', 'text'],
    35: ['format', 'text'],
    36: ['', 'extension'],
  },
  ExternalDocs: { 1: ['description', 'text'], 2: ['url', 'text'] },
  Reference: { 1: ['$ref', 'text'] },
  Named: { 1: ['name', 'text'], 2: ['value', 'any'] },
  // Messages that stand for the one field that they have.
  Responses: { 2: ['', 'pair:Response|ref'] },
  Items: { 1: ['', 'Schema|ref'] },
  AdditionalProperties: { 1: ['', 'Schema|ref'], 2: ['', 'flag'] },
  Default: { 1: ['', 'double'], 2: ['', 'flag'], 3: ['', 'text'] },
}

interface Field {
  number: number
  value: Buffer | number
}

function fieldsOf(bytes: Buffer): Field[] {
  const fields: Field[] = []
  let at = 0
  const varint = () => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const number = Math.floor(tag / 8)
    const wire = tag % 8
    if (wire === 0) fields.push({ number, value: varint() })
    else if (wire === 1) {
      fields.push({ number, value: bytes.readDoubleLE(at) })
      at += 8
    } else {
      assert.equal(wire, 2)
      const end = varint() + at
      assert.ok(end <= bytes.length, 'a field ends within its message')
      fields.push({ number, value: bytes.subarray(at, end) })
      at = end
    }
  }
  return fields
}

function decode(type: string, value: Buffer | number): unknown {
  if (type === 'text') return (value as Buffer).toString()
  if (type === 'flag') return value === 1
  if (type === 'int' || type === 'double') return value
  const fields = fieldsOf(value as Buffer)
  if (type === 'any') {
    assert.deepEqual(
      fields.map(({ number }) => number),
      [2],
    )
    return JSON.parse(decode('text', fields[0]!.value) as string)
  }
  if (type.endsWith('{}')) {
    return Object.fromEntries(fields.map((field) => pair(type.slice(0, -2), field.value as Buffer)))
  }
  if (type.endsWith('|ref')) {
    assert.equal(fields.length, 1, 'one of the two')
    const [{ number, value } = assert.fail()] = fields
    return decode(number === 1 ? type.slice(0, -4) : 'Reference', value)
  }
  return decodeMessage(type, fields)
}

function decodeMessage(type: string, fields: readonly Field[]): unknown {
  const result: Json = {}
  const isWrapper = ['Items', 'AdditionalProperties', 'Default'].includes(type)
  for (const { number, value } of fields) {
    const [name, of] = MESSAGES[type]?.[number] ?? assert.fail(`${type} has no field ${number}`)
    if (isWrapper) return decode(of, value)
    if (of === 'extension') Object.assign(result, Object.fromEntries([pair('any', value as Buffer)]))
    else if (of.startsWith('pair:')) {
      const [key, one] = pair(of.slice('pair:'.length), value as Buffer)
      result[key] = one
    } else if (of.endsWith('[]')) {
      result[name] = [...((result[name] ?? []) as unknown[]), decode(of.slice(0, -2), value)]
    } else result[name] = decode(of, value)
  }
  return isWrapper ? undefined : result
}

function pair(type: string, bytes: Buffer): [string, unknown] {
  const [first, second] = fieldsOf(bytes)
  // An empty name is none.
  if (second === undefined) return ['', decode(type, first!.value)]
  assert.deepEqual([first?.number, second.number], [1, 2])
  return [decode('text', first!.value) as string, decode(type, second.value)]
}

/** What the messages cannot tell from absent: empty texts and lists, zeros, false. Defaults that are no scalars are lost. */
function sayable(json: unknown, key = ''): unknown {
  if (Array.isArray(json)) return json.map((item) => sayable(item))
  if (typeof json !== 'object' || json === null) return json
  const isMap = ['properties', 'schemas', 'content', 'paths', 'responses'].includes(key)
  const kept = Object.entries(json).flatMap(([name, value]): [string, unknown][] => {
    if (isMap) return [[name, sayable(value)]]
    if (name.startsWith('x-') || name === 'enum' || name === 'example') return [[name, value]]
    if (name === 'default') return [[name, typeof value === 'object' ? undefined : value]]
    const isAbsent = value === '' || value === 0 || (value === false && name !== 'additionalProperties')
    return isAbsent || (Array.isArray(value) && value.length === 0) ? [] : [[name, sayable(value, name)]]
  })
  return Object.fromEntries(kept)
}

const EVERYTHING: JsonSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['text'],
      minProperties: 1,
      maxProperties: 300,
      properties: {
        '': { type: 'string' },
        default: { type: 'string', default: '' },
        text: {
          type: 'string',
          title: 'A title',
          description: 'With: "quotes", ü and\nlines.',
          format: 'date',
          pattern: '^[a-z]*$',
          minLength: 1,
          maxLength: 200,
          enum: ['a', 'no', '1'],
          example: { a: [1, null, 'b'] },
          nullable: true,
          externalDocs: { url: 'https://docs.test', description: 'more' },
          not: { enum: ['b'] },
        },
        number: {
          type: 'number',
          minimum: -1.5,
          exclusiveMinimum: true,
          maximum: 1e20,
          exclusiveMaximum: true,
          multipleOf: 0.5,
          default: 0,
          allOf: [{ minimum: -1 }],
          anyOf: [{ maximum: 1 }, { minimum: 2 }],
          oneOf: [{ maximum: 3 }],
        },
        flag: { type: 'boolean', default: false },
        list: {
          type: 'array',
          items: { type: 'object', default: {} },
          minItems: 1,
          maxItems: 300,
          uniqueItems: false,
        },
        byName: { type: 'object', additionalProperties: { type: 'integer', format: 'int64', default: 7 } },
        open: { type: 'object', additionalProperties: true },
      },
    },
  },
}

function setUp() {
  const registry = new ResourceRegistry(builtinResources())
  const versions = [CRON_TAB_SCHEMA, EVERYTHING].map((openAPIV3Schema, at) => ({
    name: `v${at + 1}`,
    served: true,
    storage: at === 0,
    schema: { openAPIV3Schema },
  }))
  registry.setDynamic('crontabs.example.com', definitionsOf(cronTabCrd({ versions })))
  return createOpenApiV3({ registry, version: 'v1.32.0' })
}

function get(handler: PathHandler, url: string, headers: Record<string, string> = {}): ApiResponse {
  const { pathname, searchParams } = new URL(url, 'http://x')
  const request = { method: 'GET', path: pathname, query: searchParams, headers }
  return handler(request as unknown as ApiRequest) as ApiResponse
}

test('OpenAPI v3 in protobuf says in every group version what the JSON says', () => {
  const v3 = setUp()
  const index = JSON.parse(String(get(v3.index, '/openapi/v3').body)) as { paths: Record<string, unknown> }
  const paths = Object.keys(index.paths)
  assert.ok(paths.includes('api/v1') && paths.includes('apis/example.com/v2') && paths.length > 20)
  for (const path of paths) {
    const json: unknown = JSON.parse(String(get(v3.document, `/openapi/v3/${path}`).body))
    const { body, headers } = get(v3.document, `/openapi/v3/${path}`, { accept: PROTOBUF })
    assert.equal(headers['content-type'], PROTOBUF)
    assert.deepEqual(decode('Document', body as Buffer), sayable(json), path)
  }
})

test('both forms of a document have one address, and an ETag each', () => {
  const v3 = setUp()
  const index = JSON.parse(String(get(v3.index, '/openapi/v3', { accept: PROTOBUF }).body))
  const url: string = index.paths['apis/apps/v1'].serverRelativeURL
  const json = get(v3.document, url)
  const protobuf = get(v3.document, url, { accept: `${ASKED}, application/json` })
  assert.equal(protobuf.headers['content-type'], PROTOBUF)
  assert.match(String(protobuf.headers['cache-control']), /immutable/)
  assert.equal(protobuf.headers['vary'], 'Accept')
  assert.equal(json.headers['content-type'], 'application/json')
  const etag = String(protobuf.headers['etag'])
  assert.notEqual(etag, json.headers['etag'])
  assert.equal(get(v3.document, url, { accept: ASKED, 'if-none-match': etag }).status, 304)
  assert.equal(get(v3.document, url, { 'if-none-match': etag }).status, 200)
  const moved = get(v3.document, '/openapi/v3/apis/apps/v1?hash=OLD', { accept: ASKED })
  assert.deepEqual([moved.status, moved.headers['location']], [301, url])
  for (const accept of ['*/*', 'application/*', 'application/json', '']) {
    assert.equal(get(v3.document, url, { accept }).headers['content-type'], 'application/json', accept)
  }
})
