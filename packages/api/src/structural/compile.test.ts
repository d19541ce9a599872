import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileStructural } from './compile.ts'
import type { JsonSchema } from './json-schema.ts'

function errorsOf(schema: unknown, statusSubresource = false): string[] {
  return compileStructural(schema, 'x', { statusSubresource }).errors.map((e) => `${e.field}: ${e.message}`)
}

function field(schema: JsonSchema): string[] {
  return errorsOf({ type: 'object', properties: { f: schema } })
}

test('a structural schema compiles', () => {
  const result = compileStructural(
    {
      type: 'object',
      properties: {
        metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 10 } } },
        port: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
        other: {
          'x-kubernetes-int-or-string': true,
          allOf: [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, { pattern: 'x' }],
        },
        list: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['a'],
          items: { type: 'object', required: ['a'], properties: { a: { type: 'string' } } },
        },
        free: { 'x-kubernetes-preserve-unknown-fields': true },
        one: {
          type: 'object',
          properties: { a: { type: 'string' } },
          oneOf: [{ required: ['a'] }, { properties: { a: { pattern: '^x$' } } }],
        },
      },
    },
    'x',
  )
  assert.deepEqual(result.errors, [])
  assert.deepEqual([...result.schema!.fields.keys()], ['metadata', 'port', 'other', 'list', 'free', 'one'])
})

test('every value needs a type', () => {
  assert.deepEqual(errorsOf({}), ['x.type: Required value: must not be empty at the root'])
  assert.deepEqual(errorsOf({ type: 'array', items: {} }), [
    'x.items.type: Required value: must not be empty for specified array items',
    'x.type: Invalid value: "array": must be object at the root',
  ])
  assert.deepEqual(field({}), [
    'x.properties[f].type: Required value: must not be empty for specified object fields',
  ])
  assert.deepEqual(field({ type: 'array' }), ['x.properties[f].items: Required value: must be specified'])
  assert.deepEqual(field({ type: 'text' }), [
    'x.properties[f].type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"',
  ])
})

test('junctors only restrict', () => {
  assert.deepEqual(field({ type: 'object', anyOf: [{ type: 'string', description: 'x', nullable: true }] }), [
    'x.properties[f].anyOf[0].description: Forbidden: must be empty to be structural',
    'x.properties[f].anyOf[0].nullable: Forbidden: must be false to be structural',
    'x.properties[f].anyOf[0].type: Forbidden: must be empty to be structural',
  ])
  assert.deepEqual(field({ type: 'object', not: { properties: { a: { minimum: 1 } } } }), [
    'x.properties[f].properties[a]: Required value: because it is defined in x.properties[f].not.properties[a]',
  ])
})

test('metadata may only restrict names', () => {
  assert.deepEqual(
    errorsOf({ type: 'object', properties: { metadata: { type: 'object', required: ['name'] } } }),
    [
      'x.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
    ],
  )
  assert.deepEqual(errorsOf({ type: 'object', properties: { kind: { type: 'integer' } } }), [
    'x.properties[kind].type: Invalid value: "integer": must be string',
  ])
  assert.deepEqual(errorsOf({ type: 'object', additionalProperties: { type: 'string' } }), [
    'x.additionalProperties: Forbidden: must not be used at the root',
  ])
})

test('embedded resources are objects with something in them', () => {
  assert.deepEqual(field({ 'x-kubernetes-embedded-resource': true }), [
    'x.properties[f].properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
    'x.properties[f].type: Required value: must be object if x-kubernetes-embedded-resource is true',
  ])
})

test('what OpenAPI offers but structural schemas do not is forbidden', () => {
  assert.deepEqual(field({ type: 'string', $ref: '#/x' }), [
    'x.properties[f].$ref: Forbidden: $ref is not supported',
  ])
  assert.deepEqual(field({ type: 'array', items: { type: 'string' }, uniqueItems: true }), [
    'x.properties[f].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
  ])
  assert.deepEqual(
    field({
      type: 'object',
      properties: { a: { type: 'string' } },
      additionalProperties: { type: 'string' },
    }),
    [
      'x.properties[f].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive',
    ],
  )
})

test('list types fit their lists', () => {
  const items: JsonSchema = { type: 'object', properties: { a: { type: 'string' } } }
  assert.deepEqual(field({ type: 'array', items, 'x-kubernetes-list-type': 'map' }), [
    'x.properties[f].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map',
  ])
  assert.deepEqual(
    field({ type: 'array', items, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a'] }),
    [
      'x.properties[f].items.properties[a].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
    ],
  )
  assert.deepEqual(field({ type: 'array', items, 'x-kubernetes-list-type': 'set' }), [
    'x.properties[f].items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set',
  ])
})

test('defaults are valid values', () => {
  assert.deepEqual(field({ type: 'integer', default: 'x' }), [
    'x.properties[f].default: Invalid value: "string":  in body must be of type integer: "string"',
  ])
  assert.deepEqual(field({ type: 'object', default: { b: 1 } }), [
    'x.properties[f].default: Invalid value: {"b":1}: must not have unknown fields',
  ])
  assert.deepEqual(errorsOf({ type: 'object', properties: { kind: { type: 'string', default: 'a' } } }), [
    'x.properties[kind].default: Forbidden: must not be set in top-level kind',
  ])
})

test('patterns are RE2', () => {
  assert.deepEqual(field({ type: 'string', pattern: '(?=a)' }), [
    'x.properties[f].pattern: Invalid value: "(?=a)": must be a valid regular expression, but isn\'t: error parsing regexp: invalid or unsupported Perl syntax: `(?=`',
  ])
})

test('the root is plain when status is apart', () => {
  assert.match(
    errorsOf({ type: 'object', minProperties: 1 }, true)[0]!,
    /^x: Invalid value: .*only \[Description Type /,
  )
  assert.deepEqual(
    errorsOf({ type: 'object', nullable: true })[0],
    'x.nullable: Forbidden: nullable cannot be true at the root',
  )
})

test('malformed and bottomless schemas are refused before anything looks into them', () => {
  for (const schema of [
    null,
    1,
    'x',
    [],
    { type: 1 },
    { properties: { a: null } },
    { allOf: {} },
    { items: 'x' },
  ]) {
    assert.ok(errorsOf(schema).length > 0, JSON.stringify(schema))
  }
  let deep: JsonSchema = { type: 'object' }
  for (let i = 0; i < 10_000; i++) deep = { type: 'object', properties: { a: deep } }
  assert.deepEqual(errorsOf(deep), ['x: Invalid value: "": must not be nested deeper than 128 levels'])
})
