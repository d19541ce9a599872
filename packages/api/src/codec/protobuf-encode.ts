// JSON-shaped objects to protobuf messages, byte for byte as Go writes them: fields by number, scalars that are no
// pointers always, map entries sorted. Written backwards (WireWriter), hence the descending loops.

import { assert, unreachable } from '@brume/base/assert'
import { parseGoDuration } from '@brume/base/go-duration'
import { stringifyJson } from '@brume/base/json'
import { epochSeconds } from '../schema/go-time.ts'
import type {
  AnySchema,
  ListSchema,
  MapSchema,
  ObjectSchema,
  ScalarSchema,
  Schema,
} from '../schema/schema.ts'
import { type FieldEntry, isWrittenWhenZero, type MessagePlan, messagePlan } from './protobuf-plan.ts'
import { FIXED64, VARINT } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

type Json = Record<string, unknown>

/** `object` has the shape of its schema (decodeBuiltin's result); anything else is a programmer's error. */
export function writeObject(writer: WireWriter, object: Json, schema: ObjectSchema): void {
  const plan = messagePlan(schema)
  const { slots } = plan
  const values = new Array<unknown>(slots.size).fill(undefined)
  for (const key in object) {
    const slot = slots.get(key)
    if (slot !== undefined) values[slot] = object[key]
  }
  writeMessage(writer, values, plan)
}

function writeMessage(writer: WireWriter, values: unknown[], plan: MessagePlan): void {
  const { entries } = plan
  for (let i = entries.length - 1; i >= 0; i--) {
    const entry = entries[i]!
    if (entry.kind === 'field') {
      const value = values[entry.slot]
      if (entry.always || (value !== undefined && value !== null)) writeField(writer, value, entry)
    } else {
      const before = writer.length
      writeMessage(writer, values, entry.plan)
      writer.delimit(entry.number, before)
    }
  }
}

function writeField(writer: WireWriter, value: unknown, { field: { schema }, number }: FieldEntry): void {
  if (schema.kind === 'list' && !schema.wrapped) writeItems(writer, value as unknown[], schema, number)
  else if (schema.kind === 'map') writeEntries(writer, value as Json, schema, number)
  else writeValue(writer, value, schema, number)
}

/** One value with its tag; null and undefined are the zero value. */
function writeValue(writer: WireWriter, value: unknown, schema: Schema, number: number): void {
  const before = writer.length
  switch (schema.kind) {
    case 'scalar':
      writeScalar(writer, value, schema, number)
      return
    case 'object':
      writeObject(writer, (value ?? {}) as Json, schema)
      break
    case 'list':
      writeItems(writer, (value ?? []) as unknown[], schema, 1)
      break
    case 'any':
      writeAny(writer, value, schema)
      break
    case 'map':
      assert(false, 'a map inside a list or map has no protobuf form')
  }
  writer.delimit(number, before)
}

function writeItems(writer: WireWriter, items: unknown[], schema: ListSchema, number: number): void {
  for (let i = items.length - 1; i >= 0; i--) writeValue(writer, items[i], schema.items, number)
}

function writeEntries(writer: WireWriter, map: Json, schema: MapSchema, number: number): void {
  const keys = Object.keys(map).sort()
  for (let i = keys.length - 1; i >= 0; i--) {
    const key = keys[i]!
    const value = map[key]
    const before = writer.length
    const isNilBytes = (value === null || value === undefined) && !isWrittenWhenZero(schema.values)
    if (!isNilBytes) writeValue(writer, value, schema.values, 2)
    writeText(writer, key, 1)
    writer.delimit(number, before)
  }
}

function writeText(writer: WireWriter, text: string, number: number): void {
  const before = writer.length
  writer.string(text)
  writer.delimit(number, before)
}

function writeNumber(writer: WireWriter, value: number | bigint, number: number): void {
  writer.int64(value)
  writer.tag(number, VARINT)
}

function writeScalar(writer: WireWriter, value: unknown, schema: ScalarSchema, number: number): void {
  const { scalar } = schema
  switch (scalar) {
    case 'string':
      writeText(writer, (value ?? '') as string, number)
      return
    case 'boolean':
      writeNumber(writer, value === true ? 1 : 0, number)
      return
    case 'int32':
    case 'int64':
      writeNumber(writer, (value ?? 0) as number | bigint, number)
      return
    case 'number':
      writer.double(Number(value ?? 0))
      writer.tag(number, FIXED64)
      return
    case 'bytes': {
      const bytes = Buffer.from((value ?? '') as string, 'base64')
      const before = writer.length
      writer.bytes(bytes)
      writer.delimit(number, before)
      return
    }
    default: {
      const before = writer.length
      writeStructScalar(writer, value, scalar)
      writer.delimit(number, before)
    }
  }
}

/** Scalars in JSON that are messages on the wire. */
function writeStructScalar(
  writer: WireWriter,
  value: unknown,
  scalar: 'quantity' | 'intOrString' | 'time' | 'microTime' | 'duration',
): void {
  switch (scalar) {
    case 'quantity':
      writeText(writer, (value ?? '0') as string, 1)
      return
    case 'intOrString':
      writeText(writer, typeof value === 'string' ? value : '', 3)
      writeNumber(writer, typeof value === 'string' ? 0 : ((value ?? 0) as number), 2)
      writeNumber(writer, typeof value === 'string' ? 1 : 0, 1)
      return
    case 'time':
    case 'microTime':
      if (value === null || value === undefined) return
      writeNumber(writer, scalar === 'time' ? 0 : microNanos(value as string), 2)
      writeNumber(writer, epochSeconds(value as string), 1)
      return
    case 'duration':
      writeNumber(writer, parseGoDuration((value ?? '0s') as string) ?? 0n, 1)
      return
    default:
      unreachable(scalar, 'scalar')
  }
}

/** Nanoseconds of a canonical MicroTime. */
function microNanos(text: string): number {
  return Number(text.slice(20, 26)) * 1000
}

function writeAny(writer: WireWriter, value: unknown, schema: AnySchema): void {
  if (schema.union !== undefined) {
    writeUnion(writer, value, schema.union)
    return
  }
  if (value === null || value === undefined) return
  writeText(writer, stringifyJson(value), 1)
}

/** apiextensions' JSONSchemaPropsOrBool and its like: a schema, or the alternative. */
function writeUnion(writer: WireWriter, value: unknown, union: NonNullable<AnySchema['union']>): void {
  const isSchema = typeof value === 'object' && value !== null && !Array.isArray(value)
  const writeSchema = (schema: unknown, number: number) => {
    const before = writer.length
    writeObject(writer, schema as Json, union.of())
    writer.delimit(number, before)
  }
  switch (union.or) {
    case 'boolean':
      if (isSchema) writeSchema(value, 2)
      writeNumber(writer, isSchema || value === true ? 1 : 0, 1)
      return
    case 'schemas':
      if (isSchema) writeSchema(value, 1)
      else for (const item of ((value ?? []) as unknown[]).toReversed()) writeSchema(item, 2)
      return
    case 'strings':
      if (isSchema) writeSchema(value, 1)
      else for (const item of ((value ?? []) as string[]).toReversed()) writeText(writer, item, 2)
      return
  }
}
