import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deepClone } from '@brume/base/values'
import type { KubeObject } from '../object.ts'
import type { ResourceDefinition } from '../resource.ts'
import { decodeBuiltin } from '../schema/decode.ts'
import type { Schema } from '../schema/schema.ts'
import type { Json } from '../validate/json.ts'
import { builtinResources } from './builtin.ts'
import { NOW } from './fixtures.ts'

const ROUNDS = 60
const MAX_DEPTH = 9

const TEXTS = [
  '',
  'a',
  'A b',
  'a/b',
  '1.2.3.4',
  'Always',
  'Localhost',
  'Indexed',
  'RollingUpdate',
  'In',
  '../x',
  'é',
  '0-1',
]
const QUANTITIES = ['0', '1', '-1', '500m', '1Gi', '3']

/** Same numbers for the same seed. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648
    return Math.floor((state / 2147483648) * below)
  }
}

/** Any value of the types that the schema has. */
function anyValue(schema: Schema, random: (below: number) => number, depth: number): Json {
  switch (schema.kind) {
    case 'object': {
      const value: Json = {}
      for (const field of schema.fields.values()) {
        if (depth > MAX_DEPTH || random(3) === 0) continue
        value[field.name] = anyValue(field.schema, random, depth + 1)
      }
      return value
    }
    case 'map': {
      const keys = ['a', 'cpu', 'hugepages-2Mi', 'example.com/x'].slice(0, random(4))
      return Object.fromEntries(keys.map((key) => [key, anyValue(schema.values, random, depth + 1)]))
    }
    case 'list':
      return Array.from({ length: random(3) }, () => anyValue(schema.items, random, depth + 1))
    case 'any':
      return { x: 1 }
    case 'scalar':
      return anyScalar(schema.scalar, random)
  }
}

function anyScalar(scalar: string, random: (below: number) => number): Json {
  const number = [-1, 0, 1, 5, 80, 2147483647][random(6)]
  const text = TEXTS[random(TEXTS.length)]
  switch (scalar) {
    case 'boolean':
      return random(2) === 0
    case 'int32':
    case 'int64':
    case 'number':
      return number
    case 'quantity':
      return QUANTITIES[random(QUANTITIES.length)]
    case 'intOrString':
      return random(2) === 0 ? number : ['25%', 'x'][random(2)]
    case 'time':
      return '2026-01-01T00:00:00Z'
    case 'microTime':
      return '2026-01-01T00:00:00.000000Z'
    case 'bytes':
      return ''
    case 'duration':
      return '1m0s'
    default:
      return text
  }
}

function exercise(definition: ResourceDefinition, random: (below: number) => number): void {
  const make = (): KubeObject => {
    const object = decodeBuiltin(anyValue(definition.schema, random, 0), definition.schema)
      .value as KubeObject
    object.metadata = { name: 'a', namespace: 'b', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' }
    definition.setDefaults?.(object)
    return object
  }
  const context = { now: NOW }
  const old = make()
  const object = make()
  for (const column of definition.columns) column.cell(object, NOW)
  for (const read of Object.values(definition.selectableFields)) assert.equal(typeof read(object), 'string')
  const created = deepClone(object)
  definition.prepareForCreate?.(created)
  definition.validate?.(created, context)
  definition.validateCreate?.(created, context)
  definition.warnings?.(created, undefined)
  definition.validateStatusUpdate?.(object, old, context)
  definition.prepareForUpdate?.(object, old)
  definition.validate?.(object, context)
  definition.validateUpdate?.(object, old, context)
  definition.warnings?.(object, old)
  definition.gracePeriodSeconds?.(object, undefined)
  definition.conversion?.toStorage(object)
}

for (const definition of builtinResources()) {
  test(`nothing that decodes trips ${definition.group}/${definition.version} ${definition.kind}`, () => {
    for (let seed = 1; seed <= ROUNDS; seed++) {
      try {
        exercise(definition, generator(seed))
      } catch (error) {
        assert.fail(`seed ${seed}: ${error instanceof Error ? error.stack : error}`)
      }
    }
  })
}
