// One pass over a parsed body of a built-in kind, with the result of Go's decoding and encoding: types checked, unknown
// fields reported and dropped, values canonical, fields and map keys in Go's order, zero values as Go shows them.

import { setOwn } from '@brume/base/values'
import type { KubeObject } from '../object.ts'
import { describeValue, strictPath } from './decode-error.ts'
import { type DecodeContext, decodeScalar, saveTypeError, zeroScalar } from './decode-scalar.ts'
import type { FieldSchema, ListSchema, MapSchema, ObjectSchema, Schema } from './schema.ts'

export { DecodeError } from './decode-error.ts'

/** Go stops collecting strict errors there. */
const MAX_UNKNOWN_FIELDS = 100

/** `value` is neither null nor undefined. */
type Decode = (value: unknown, context: DecodeContext) => unknown

interface FieldPlan {
  name: string
  index: number
  decode: Decode
  /** What stands for null and for an absent field; undefined: nothing. */
  zero: () => unknown
  /** How to see that a decoded value is left out (`omitempty`). */
  empty: 'never' | 'scalar' | 'list' | 'map'
}

interface ObjectPlan {
  fields: Map<string, FieldPlan>
  /** Fields that are in the output even if they are not in the input, in order. */
  always: FieldPlan[]
}

export interface Decoded {
  value: KubeObject
  /** `spec.foo`, `spec.containers[0].bar`: at most 100. */
  unknownFields: string[]
}

const plans = new WeakMap<ObjectSchema, ObjectPlan>()

/**
 * Throws DecodeError in Go's words. `value` is not changed; free-form parts of it are shared with the result.
 * Duplicate keys are the parser's business (parseJson).
 */
export function decodeBuiltin(value: unknown, schema: ObjectSchema): Decoded {
  const context: DecodeContext = {
    path: [],
    structs: [],
    unknownFields: [],
    fields: [],
    values: [],
    saved: undefined,
  }
  const result = decodeObject(schema, value ?? {}, context)
  if (context.saved !== undefined) throw context.saved
  return { value: result as KubeObject, unknownFields: context.unknownFields }
}

/** The object as Go shows it when nothing was set. */
export function zeroObject(schema: ObjectSchema): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const field of planOf(schema).always) result[field.name] = field.zero()
  return result
}

function decodeObject(schema: ObjectSchema, value: unknown, context: DecodeContext): Record<string, unknown> {
  if (typeof value !== 'object' || Array.isArray(value)) {
    saveTypeError(
      describeValue(value),
      { goType: schema.goType ?? 'map[string]interface {}', goKind: 'struct' },
      context,
    )
    return zeroObject(schema)
  }
  const plan = planOf(schema)
  const fields = context.fields as FieldPlan[]
  const { values } = context
  const base = fields.length
  context.structs.push(schema.goType ?? '')
  let last = -1
  let sorted = true
  const input = value as Record<string, unknown>
  for (const key in input) {
    const child = input[key]
    if (child === undefined) continue
    const field = plan.fields.get(key)
    if (field === undefined) {
      if (context.unknownFields.length < MAX_UNKNOWN_FIELDS) {
        context.unknownFields.push(strictPath(context.path, key))
      }
      continue
    }
    if (field.index < last) sorted = false
    else last = field.index
    let decoded: unknown
    if (child === null) {
      decoded = field.zero()
    } else {
      context.path.push(key)
      decoded = field.decode(child, context)
      context.path.pop()
      if (isEmpty(decoded, field)) decoded = undefined
    }
    fields.push(field)
    values.push(decoded)
  }
  context.structs.pop()
  if (!sorted) sortTogether(fields, values, base)
  const result = assemble(plan, fields, values, base)
  fields.length = base
  values.length = base
  return result
}

/** The object of the fields from `base` on, in order; the fields that are always there fill the gaps. */
function assemble(
  plan: ObjectPlan,
  fields: readonly FieldPlan[],
  values: readonly unknown[],
  base: number,
): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  const { always } = plan
  let next = 0
  for (let i = base; i < fields.length; i++) {
    const field = fields[i]!
    while (next < always.length && always[next]!.index < field.index) {
      const absent = always[next++]!
      result[absent.name] = absent.zero()
    }
    if (next < always.length && always[next] === field) next++
    const value = values[i]
    if (value !== undefined) result[field.name] = value
  }
  for (; next < always.length; next++) result[always[next]!.name] = always[next]!.zero()
  return result
}

/** Insertion sort from `base` on: few fields, mostly in order. */
function sortTogether(fields: FieldPlan[], values: unknown[], base: number): void {
  for (let i = base + 1; i < fields.length; i++) {
    const field = fields[i]!
    const value = values[i]
    let at = i
    for (; at > base && fields[at - 1]!.index > field.index; at--) {
      fields[at] = fields[at - 1]!
      values[at] = values[at - 1]
    }
    fields[at] = field
    values[at] = value
  }
}

function isEmpty(value: unknown, field: FieldPlan): boolean {
  switch (field.empty) {
    case 'never':
      return false
    case 'scalar':
      return value === '' || value === 0 || value === false || value === null
    case 'list':
      return value === null || (value as unknown[]).length === 0
    case 'map':
      for (const _key in value as object) return false
      return true
  }
}

function planOf(schema: ObjectSchema): ObjectPlan {
  const known = plans.get(schema)
  if (known !== undefined) return known
  const fields = [...schema.fields.values()].map(planField)
  const plan: ObjectPlan = {
    fields: new Map(fields.map((field) => [field.name, field])),
    always: [...schema.fields.values()].flatMap((field, i) => (isAlwaysShown(field) ? [fields[i]!] : [])),
  }
  plans.set(schema, plan)
  return plan
}

function planField(field: FieldSchema, index: number): FieldPlan {
  const shown = isAlwaysShown(field)
  return {
    name: field.name,
    index,
    decode: decoderOf(field.schema),
    zero: !shown ? () => undefined : field.pointer ? () => null : zeroOf(field.schema),
    empty: field.omitEmpty && !field.pointer ? emptiness(field.schema) : 'never',
  }
}

/** `omitempty` does nothing for Go structs, and Time, Quantity and their like are structs. */
function isAlwaysShown(field: FieldSchema): boolean {
  if (!field.omitEmpty) return true
  return !field.pointer && emptiness(field.schema) === 'never'
}

function emptiness(schema: Schema): FieldPlan['empty'] {
  if (schema.kind === 'list' || schema.kind === 'map') return schema.kind
  if (schema.kind !== 'scalar')
    return schema.kind === 'any' && schema.proto === undefined ? 'scalar' : 'never'
  switch (schema.scalar) {
    case 'quantity':
    case 'intOrString':
    case 'time':
    case 'microTime':
    case 'duration':
      return 'never'
    default:
      return 'scalar'
  }
}

function zeroOf(schema: Schema): () => unknown {
  if (schema.kind === 'object') return () => zeroObject(schema)
  if (schema.kind !== 'scalar') return () => null
  const zero = zeroScalar(schema.scalar)
  return () => zero
}

function decoderOf(schema: Schema): Decode {
  switch (schema.kind) {
    case 'scalar':
      return schema.scalar === 'string'
        ? (value, context) => (typeof value === 'string' ? value : decodeScalar(schema, value, context))
        : (value, context) => decodeScalar(schema, value, context)
    case 'object':
      return (value, context) => decodeObject(schema, value, context)
    case 'list':
      return listDecoder(schema)
    case 'map':
      return mapDecoder(schema)
    case 'any':
      return schema.union === undefined ? (value) => value : unionDecoder(schema.union.of)
  }
}

/** A schema, a list of schemas, or the alternative as it is. */
function unionDecoder(of: () => ObjectSchema): Decode {
  return (value, context) => {
    if (Array.isArray(value)) {
      return value.map((item) =>
        typeof item === 'object' && item !== null ? decodeObject(of(), item, context) : item,
      )
    }
    return typeof value === 'object' ? decodeObject(of(), value, context) : value
  }
}

function listDecoder(schema: ListSchema): Decode {
  const decode = decoderOf(schema.items)
  const zero = zeroOf(schema.items)
  const goType = schema.goType ?? '[]interface {}'
  return (value, context) => {
    if (!Array.isArray(value)) {
      saveTypeError(describeValue(value), { goType, goKind: 'slice' }, context)
      return null
    }
    const { path } = context
    const result = new Array<unknown>(value.length)
    for (let i = 0; i < value.length; i++) {
      const item = value[i]
      if (item === null || item === undefined) {
        result[i] = zero()
        continue
      }
      path.push(i)
      result[i] = decode(item, context)
      path.pop()
    }
    return result
  }
}

function mapDecoder(schema: MapSchema): Decode {
  const decode = decoderOf(schema.values)
  const zero = zeroOf(schema.values)
  const goType = schema.goType ?? 'map[string]interface {}'
  return (value, context) => {
    if (typeof value !== 'object' || Array.isArray(value)) {
      saveTypeError(describeValue(value), { goType, goKind: 'map' }, context)
      return null
    }
    const input = value as Record<string, unknown>
    const result: Record<string, unknown> = {}
    for (const key of sortedKeys(input)) {
      const item = input[key]
      if (item === undefined) continue
      context.path.push({ key })
      setOwn(result, key, item === null ? zero() : decode(item, context))
      context.path.pop()
    }
    return result
  }
}

function sortedKeys(input: Record<string, unknown>): string[] {
  const keys = Object.keys(input)
  for (let i = 1; i < keys.length; i++) if (keys[i - 1]! > keys[i]!) return keys.sort()
  return keys
}
