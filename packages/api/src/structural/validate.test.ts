import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildSchema } from './build.ts'
import type { JsonSchema } from './json-schema.ts'
import { validateListTypes } from './list-types.ts'
import { validateSchema } from './validate-schema.ts'

function messages(schema: JsonSchema, value: unknown, path = '', old?: unknown): string[] {
  const built = buildSchema({ type: 'object', properties: { spec: schema } })
  const oldObject = old === undefined ? undefined : { spec: old }
  return validateSchema({ spec: value }, built, path, oldObject).map((e) => `${e.field}: ${e.message}`)
}

test('a wrong type is told as Kubernetes tells it', () => {
  assert.deepEqual(
    messages({ type: 'object', properties: { replicas: { type: 'integer' } } }, { replicas: 'x' }),
    ['spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"'],
  )
  assert.deepEqual(messages({ type: 'string' }, null), [
    'spec: Invalid value: "null": spec in body must be of type string: "null"',
  ])
  assert.deepEqual(messages({ type: 'integer' }, 1.5), [
    'spec: Invalid value: "number": spec in body must be of type integer: "number"',
  ])
  assert.deepEqual(messages({ type: 'integer', format: 'int32' }, true), [
    'spec: Invalid value: "": spec in body must be of type int32: ""',
  ])
  assert.deepEqual(messages({ 'x-kubernetes-int-or-string': true }, []), [
    'spec: Invalid value: "array": spec in body must be of type integer,string: "array"',
  ])
})

test('valid values give no errors', () => {
  assert.deepEqual(messages({ type: 'number' }, 3), [])
  assert.deepEqual(messages({ type: 'integer' }, 12345678901234567890n), [])
  assert.deepEqual(messages({ type: 'string', nullable: true }, null), [])
  assert.deepEqual(messages({ 'x-kubernetes-int-or-string': true }, '25%'), [])
  assert.deepEqual(messages({ 'x-kubernetes-preserve-unknown-fields': true }, { any: ['thing'] }), [])
})

test('value rules keep their wording', () => {
  const cases: [JsonSchema, unknown, string][] = [
    [{ type: 'string', maxLength: 2 }, 'abc', 'Too long: may not be more than 2 bytes'],
    [
      { type: 'string', minLength: 2 },
      'a',
      'Invalid value: "a": spec in body should be at least 2 chars long',
    ],
    [{ type: 'string', pattern: '^a+$' }, 'b', 'Invalid value: "b": spec in body should match \'^a+$\''],
    [{ type: 'string', format: 'ipv4' }, 'x', 'Invalid value: "x": spec in body must be of type ipv4: "x"'],
    [{ type: 'string', enum: ['b', 'a'] }, 'c', 'Unsupported value: "c": supported values: "b", "a"'],
    [
      { type: 'integer', minimum: 1 },
      0,
      'Invalid value: 0: spec in body should be greater than or equal to 1',
    ],
    [{ type: 'integer', maximum: 1 }, 2, 'Invalid value: 2: spec in body should be less than or equal to 1'],
    [
      { type: 'integer', maximum: 1, exclusiveMaximum: true },
      1,
      'Invalid value: 1: spec in body should be less than 1',
    ],
    [{ type: 'integer', multipleOf: 2 }, 3, 'Invalid value: 3: spec in body should be a multiple of 2'],
    [
      { type: 'array', items: { type: 'string' }, minItems: 1 },
      [],
      'Invalid value: 0: spec in body should have at least 1 items',
    ],
    [
      { type: 'array', items: { type: 'string' }, maxItems: 1 },
      ['a', 'b'],
      'Too many: 2: must have at most 1 items',
    ],
    [
      { type: 'object', minProperties: 1 },
      {},
      'Invalid value: 0: spec in body should have at least 1 properties',
    ],
    [
      { type: 'object', additionalProperties: false },
      { a: 1 },
      'Invalid value: "a": spec.a in body is a forbidden property',
    ],
  ]
  for (const [schema, value, message] of cases)
    assert.deepEqual(messages(schema, value), [`spec: ${message}`])
})

test('required fields are told by their own path', () => {
  assert.deepEqual(messages({ type: 'object', required: ['a'] }, {}), ['spec.a: Required value'])
})

test('junctors report at the root, with the best alternative', () => {
  const schema: JsonSchema = {
    type: 'object',
    properties: { a: { type: 'string' }, b: { type: 'string' } },
    oneOf: [{ required: ['a'] }, { required: ['b'] }],
  }
  assert.deepEqual(messages(schema, { a: 'x', b: 'y' }), [
    '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives',
  ])
  assert.deepEqual(messages(schema, {}), [
    '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found none valid',
    'spec.a: Required value',
  ])
  assert.deepEqual(messages({ type: 'integer', anyOf: [{ minimum: 5 }, { maximum: 1 }] }, 3), [
    '<nil>: Invalid value: "": "spec" must validate at least one schema (anyOf)',
    'spec: Invalid value: 3: spec in body should be greater than or equal to 5',
  ])
  assert.deepEqual(messages({ type: 'integer', not: { minimum: 5 } }, 7), [
    '<nil>: Invalid value: "": "spec" must not validate the schema (not)',
  ])
  assert.deepEqual(messages({ type: 'integer', allOf: [{ minimum: 5 }, { maximum: 9 }] }, 10), [
    'spec: Invalid value: 10: spec in body should be less than or equal to 9',
    '<nil>: Invalid value: "": "spec" must validate all the schemas (allOf)',
  ])
})

test('the path of a default is put before the fields', () => {
  assert.deepEqual(messages({ type: 'string' }, 1, 'here.default'), [
    'here.default.spec: Invalid value: "integer": spec in body must be of type string: "integer"',
  ])
})

test('what did not change is not judged again', () => {
  const schema: JsonSchema = {
    type: 'object',
    properties: {
      a: { type: 'integer', maximum: 1 },
      b: { type: 'integer', maximum: 1 },
      list: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: {
          type: 'object',
          properties: { name: { type: 'string' }, n: { type: 'integer', maximum: 1 } },
        },
      },
    },
  }
  const old = { a: 5, b: 0, list: [{ name: 'x', n: 9 }] }
  assert.deepEqual(messages(schema, { ...old, b: 1 }, '', old), [])
  assert.deepEqual(messages(schema, { ...old, b: 2 }, '', old), [
    'spec.b: Invalid value: 2: spec.b in body should be less than or equal to 1',
  ])
  const grown = { ...old, list: [{ name: 'new', n: 8 }, ...old.list] }
  assert.deepEqual(messages(schema, grown, '', old), [
    'spec.list[0].n: Invalid value: 8: spec.list[0].n in body should be less than or equal to 1',
  ])
})

test('sets and maps report each repeated item once', () => {
  const schema = buildSchema({
    type: 'object',
    properties: {
      set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
      map: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
        items: { type: 'object', properties: { k: { type: 'integer' } } },
      },
    },
  })
  const errors = validateListTypes(
    { set: ['a', 'b', 'a', 'a'], map: [{ k: 1 }, { k: 2 }, { k: 1 }] },
    schema,
    '',
  )
  assert.deepEqual(
    errors.map((e) => `${e.field}: ${e.message}`),
    ['set[2]: Duplicate value: "a"', 'map[2]: Duplicate value: {"k":1}'],
  )
})

test('a pattern that stalls backtracking engines is matched in linear time', () => {
  const evil = `${'a'.repeat(50_000)}!`
  assert.equal(messages({ type: 'string', pattern: '^(a+)+$' }, evil).length, 1)
})

test('large patterns over much text are given up, not endured', () => {
  const schema: JsonSchema = { type: 'array', items: { type: 'string', pattern: '(a|b)*a(a|b){900}c' } }
  const texts = Array.from({ length: 500 }, () => `${'ab'.repeat(500)}c!`)
  const errors = messages(schema, texts)
  assert.equal(errors.length, 500)
  assert.match(errors.at(-1)!, /not checked: the patterns of this object take too long/)
  assert.equal(messages({ type: 'string', pattern: '^a$' }, 'a').length, 0)
})
