import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deepClone } from '@brume/base/values'
import { buildSchema } from './build.ts'
import { compileStructural } from './compile.ts'
import { applyDefaults, dropForbiddenNulls } from './defaults.ts'
import type { JsonSchema } from './json-schema.ts'
import { prune } from './prune.ts'
import { validateValue } from './validate.ts'

/** A failing run names its seed. */
const SEEDS = [1, 2, 3, 4, 5]
const ROUNDS = 400

function randomOf(seed: number) {
  let state = seed
  const next = (n: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state >>> 8) % n
  }
  return { next, pick: <T>(list: readonly T[]): T => list[next(list.length)]! }
}

type Random = ReturnType<typeof randomOf>

const NAMES = ['a', 'b', 'spec', 'metadata', 'apiVersion', 'kind', 'x.y', '__proto__', 'constructor', '']
const SCALARS: unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  2n ** 70n,
  '',
  'text',
  '2024-01-01',
  'a'.repeat(300),
]

function value(random: Random, depth: number): unknown {
  if (depth === 0 || random.next(3) === 0) return random.pick(SCALARS)
  if (random.next(3) === 0) return Array.from({ length: random.next(4) }, () => value(random, depth - 1))
  const entries = Array.from({ length: random.next(4) }, () => [random.pick(NAMES), value(random, depth - 1)])
  return Object.fromEntries(entries)
}

const KEYWORDS: Record<string, (random: Random, depth: number) => unknown> = {
  type: (r) => r.pick(['string', 'integer', 'number', 'boolean', 'array', 'object', 'null', '']),
  format: (r) => r.pick(['date', 'ipv4', 'int32', 'mine', 'uuid', 'duration']),
  default: (r) => value(r, 2),
  enum: (r) => [value(r, 1), value(r, 1)],
  pattern: (r) => r.pick(['^a*$', '(', '(a+)+$', '[0-9]{3}', '\\p{L}']),
  minimum: (r) => r.next(5) - 2,
  maximum: (r) => r.next(5) - 2,
  multipleOf: (r) => r.pick([0, 1, 0.5, -1]),
  maxLength: (r) => r.next(5),
  minItems: (r) => r.next(3),
  maxProperties: (r) => r.next(3),
  uniqueItems: (r) => r.next(2) === 0,
  nullable: (r) => r.next(2) === 0,
  required: (r) => [r.pick(NAMES)],
  items: (r, d) => (r.next(10) === 0 ? [schema(r, d)] : schema(r, d)),
  properties: (r, d) => Object.fromEntries(Array.from({ length: 3 }, () => [r.pick(NAMES), schema(r, d)])),
  additionalProperties: (r, d) => r.pick([true, false, schema(r, d)]),
  allOf: (r, d) => [schema(r, d)],
  anyOf: (r, d) => [schema(r, d), schema(r, d)],
  oneOf: (r, d) => [schema(r, d), schema(r, d)],
  not: (r, d) => schema(r, d),
  'x-kubernetes-preserve-unknown-fields': (r) => r.next(4) !== 0,
  'x-kubernetes-embedded-resource': () => true,
  'x-kubernetes-int-or-string': () => true,
  'x-kubernetes-list-type': (r) => r.pick(['atomic', 'set', 'map', 'other']),
  'x-kubernetes-list-map-keys': (r) => [r.pick(NAMES)],
  'x-kubernetes-map-type': (r) => r.pick(['atomic', 'granular', 'other']),
  'x-kubernetes-validations': (r) => [{ rule: r.pick(['self.a', '']), message: r.pick(['', 'x\ny']) }],
}

function schema(random: Random, depth: number): JsonSchema {
  const result: Record<string, unknown> = {}
  if (random.next(3) !== 0) result['type'] = KEYWORDS['type']!(random, 0)
  if (depth === 0) return result
  for (let i = random.next(4); i >= 0; i--) {
    const name = random.pick(Object.keys(KEYWORDS))
    // Rarely something of the wrong shape altogether.
    result[name] = random.next(30) === 0 ? value(random, 1) : KEYWORDS[name]!(random, depth - 1)
  }
  return result
}

for (const seed of SEEDS) {
  test(`any schema is judged, and any value against it (seed ${seed})`, () => {
    const random = randomOf(seed)
    for (let round = 0; round < ROUNDS; round++) {
      const source = schema(random, 4)
      const result = compileStructural(source, 'x', { statusSubresource: random.next(2) === 0 })
      assert.equal(result.schema === undefined, result.errors.length > 0)
    }
  })

  test(`walks never throw, and settle (seed ${seed})`, () => {
    const random = randomOf(seed + 1000)
    for (let round = 0; round < ROUNDS; round++) {
      const source = wellShaped(random, 4)
      const built = buildSchema(source)
      const given = value(random, 4)
      const subject = deepClone(given)
      prune(subject, built)
      assert.deepEqual(prune(deepClone(subject), built), [], 'nothing is left to prune')
      dropForbiddenNulls(subject, built)
      applyDefaults(subject, built)
      const again = deepClone(subject)
      applyDefaults(again, built)
      assert.deepEqual(again, subject, 'defaults are complete')
      validateValue(subject, built, '')
      assert.deepEqual(
        validateValue(subject, built, '', subject).filter((e) => e.type === 'FieldValueTypeInvalid'),
        [],
        'an unchanged value has no wrong types',
      )
    }
  })
}

/** As `schema`, but what shapeErrors would refuse is left out. */
function wellShaped(random: Random, depth: number): JsonSchema {
  for (;;) {
    const candidate = schema(random, depth)
    const { errors } = compileStructural(candidate, 'x')
    if (!errors.some((e) => e.type === 'FieldValueTypeInvalid' && !e.field.includes('.default')))
      return candidate
  }
}

test('prototypes are not polluted by schemas and values', () => {
  const hostile = JSON.parse(
    '{"type":"object","properties":{"__proto__":{"type":"object","default":{"polluted":1}}}}',
  )
  const built = buildSchema(hostile)
  const subject = JSON.parse('{"__proto__":{"polluted":2},"constructor":{"prototype":{"polluted":3}}}')
  prune(subject, built)
  applyDefaults(subject, built)
  applyDefaults({}, built)
  assert.equal(({} as { polluted?: number }).polluted, undefined)
})

test('deep values do not overflow the stack where the schema ends', () => {
  let deep: unknown = 'end'
  for (let i = 0; i < 1000; i++) deep = i % 2 === 0 ? [deep] : { a: deep }
  const built = buildSchema({
    type: 'object',
    properties: { a: { 'x-kubernetes-preserve-unknown-fields': true } },
  })
  prune({ a: deep, b: deep }, built)
  assert.deepEqual(validateValue({ a: deep }, built, ''), [])
})
