// What holds for every built-in kind: its behaviour never throws on anything that decodes, however empty or odd.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deepClone, deepFreeze } from '@brume/base/values'
import type { KubeObject } from '../object.ts'
import { apiVersionOf, type ResourceDefinition } from '../resource.ts'
import { decodeBuiltin } from '../schema/decode.ts'
import type { Schema } from '../schema/schema.ts'
import { builtinResources } from './builtin.ts'

const context = { now: 0 }

for (const kind of builtinResources()) {
  const name = `${apiVersionOf(kind.group, kind.version)} ${kind.kind}`

  test(`${name}: copes with an object that says nothing`, () => exercise(kind, {}))

  test(`${name}: copes with an object that says everything, emptily`, () => {
    exercise(kind, hollow(kind.schema, 4) as object)
  })

  test(`${name}: defaults change nothing when applied again`, () => {
    const once = decoded(kind, hollow(kind.schema, 4) as object)
    kind.setDefaults?.(once)
    const twice = deepClone(once)
    kind.setDefaults?.(twice)
    assert.deepEqual(twice, once)
  })
}

function exercise(kind: ResourceDefinition, body: object): void {
  const old = decoded(kind, body)
  kind.setDefaults?.(old)
  kind.prepareForCreate?.(old)
  deepFreeze(old)
  const object = decoded(kind, body)
  kind.setDefaults?.(object)
  kind.prepareForUpdate?.(object, old)
  for (const one of [old, object]) {
    kind.validate?.(one, context)
    kind.validateCreate?.(one, context)
    kind.warnings?.(one, undefined)
    for (const column of kind.columns) column.cell(one, 0)
    for (const field of Object.values(kind.selectableFields)) assert.equal(typeof field(one), 'string')
  }
  kind.validateUpdate?.(object, old, context)
  kind.validateStatusUpdate?.(object, old, context)
  kind.warnings?.(object, old)
}

function decoded(kind: ResourceDefinition, body: object): KubeObject {
  const apiVersion = apiVersionOf(kind.group, kind.version)
  return decodeBuiltin({ ...body, apiVersion, kind: kind.kind, metadata: { name: 'x' } }, kind.schema).value
}

/** Every field, with the emptiest value of its type; lists with one such item. */
function hollow(schema: Schema, depth: number): unknown {
  switch (schema.kind) {
    case 'scalar':
      return EMPTY[schema.scalar]
    case 'list':
      return depth === 0 ? [] : [hollow(schema.items, depth - 1)]
    case 'map':
      return { '': hollow(schema.values, 0) }
    case 'any':
      return {}
    case 'object': {
      if (depth === 0) return {}
      const entries = [...schema.fields.values()].map((field) => [
        field.name,
        hollow(field.schema, depth - 1),
      ])
      return Object.fromEntries(entries)
    }
  }
}

const EMPTY = {
  string: '',
  boolean: false,
  int32: 0,
  int64: 0,
  number: 0,
  bytes: '',
  quantity: '0',
  intOrString: 0,
  time: '2025-01-01T00:00:00Z',
  microTime: '2025-01-01T00:00:00.000000Z',
  duration: '0s',
}
