// Protobuf messages to JSON-shaped objects. Repeated fields append and messages that occur twice merge, as the wire
// format demands; unknown fields are left out. The result is raw: decodeBuiltin gives it Go's JSON form.

import { formatGoDuration } from '@brume/base/go-duration'
import { JsonError, parseJson } from '@brume/base/json'
import { setOwn } from '@brume/base/values'
import { DecodeError } from '../schema/decode-error.ts'
import { isoSeconds } from '../schema/go-time.ts'
import type {
  AnySchema,
  FieldSchema,
  ListSchema,
  MapSchema,
  ObjectSchema,
  ScalarSchema,
  Schema,
} from '../schema/schema.ts'
import { type MessagePlan, messagePlan } from './protobuf-plan.ts'
import {
  BYTES,
  FIXED64,
  readBytes,
  readDouble,
  readInt32,
  readInt64,
  readLength,
  readString,
  readUint32,
  skip,
  VARINT,
  type WireReader,
} from './wire-reader.ts'

type Json = Record<string, unknown>

/** Only JSONSchemaProps nests without end; real schemas stay far below. */
const MAX_DEPTH = 200
const MIN_SECONDS = -62_167_219_200
const MAX_SECONDS = 253_402_300_799

/** Reads fields up to `reader.end` into `target`, or into a new object. */
export function readObject(reader: WireReader, schema: ObjectSchema, target: Json = {}, depth = 0): Json {
  readMessage(reader, messagePlan(schema), target, depth)
  return target
}

function readMessage(reader: WireReader, plan: MessagePlan, target: Json, depth: number): void {
  if (depth > MAX_DEPTH) throw new DecodeError('proto: message is nested too deeply')
  while (reader.at < reader.end) {
    const tag = readUint32(reader)
    const wireType = tag & 7
    const entry = plan.byNumber[tag >>> 3]
    if (tag >>> 3 === 0) throw new DecodeError(`proto: illegal tag 0 (wire type ${wireType})`)
    if (entry === undefined) skip(reader, wireType)
    else if (entry.kind === 'field') readField(reader, entry.field, { target, wireType, depth })
    else {
      expect(wireType, BYTES, entry.number)
      const end = enter(reader)
      readMessage(reader, entry.plan, target, depth + 1)
      leave(reader, end)
    }
  }
}

/** Narrows the reader to the length-delimited value at the cursor; returns the bound to go back to. */
function enter(reader: WireReader): number {
  const stop = readLength(reader)
  const { end } = reader
  reader.end = stop
  return end
}

function leave(reader: WireReader, end: number): void {
  reader.at = reader.end
  reader.end = end
}

function readField(
  reader: WireReader,
  field: FieldSchema,
  at: { target: Json; wireType: number; depth: number },
): void {
  const { schema, name } = field
  const { target, wireType, depth } = at
  if (schema.kind === 'list' && !schema.wrapped) {
    readItem(reader, schema, { items: own(target, name, () => []), wireType, number: field.number, depth })
  } else if (schema.kind === 'map') {
    expect(wireType, BYTES, field.number)
    const map = own<Json>(target, name, () => ({}))
    const end = enter(reader)
    readEntry(reader, schema, map, depth + 1)
    leave(reader, end)
  } else {
    expect(wireType, wireTypeOf(schema), field.number)
    target[name] = readValue(reader, schema, schema.kind === 'scalar' ? undefined : target[name], depth)
  }
}

function own<T>(target: Json, name: string, make: () => T): T {
  let value = target[name] as T | undefined
  if (value === undefined) {
    value = make()
    target[name] = value
  }
  return value
}

/** One more item, or several when numbers are packed. */
function readItem(
  reader: WireReader,
  schema: ListSchema,
  at: { items: unknown[]; wireType: number; number: number; depth: number },
): void {
  const wanted = wireTypeOf(schema.items)
  if (at.wireType === BYTES && wanted !== BYTES) {
    const end = enter(reader)
    while (reader.at < reader.end) at.items.push(readValue(reader, schema.items, undefined, at.depth))
    leave(reader, end)
    return
  }
  expect(at.wireType, wanted, at.number)
  at.items.push(readValue(reader, schema.items, undefined, at.depth))
}

function readEntry(reader: WireReader, schema: MapSchema, map: Json, depth: number): void {
  let key = ''
  let value: unknown
  while (reader.at < reader.end) {
    const tag = readUint32(reader)
    if (tag === ((1 << 3) | BYTES)) key = readString(reader)
    else if (tag >>> 3 === 2) {
      expect(tag & 7, wireTypeOf(schema.values), 2)
      value = readValue(reader, schema.values, undefined, depth)
    } else skip(reader, tag & 7)
  }
  // null becomes the zero value of its type in decodeBuiltin.
  setOwn(map, key, value ?? null)
}

function wireTypeOf(schema: Schema): number {
  if (schema.kind !== 'scalar') return BYTES
  switch (schema.scalar) {
    case 'boolean':
    case 'int32':
    case 'int64':
      return VARINT
    case 'number':
      return FIXED64
    default:
      return BYTES
  }
}

/** `known`: what an earlier occurrence of the field left, into which a message merges. */
function readValue(reader: WireReader, schema: Schema, known: unknown, depth: number): unknown {
  if (schema.kind === 'scalar') return readScalar(reader, schema)
  if (schema.kind === 'map') throw new DecodeError('proto: a map inside a list or map has no protobuf form')
  const end = enter(reader)
  let value: unknown
  if (schema.kind === 'object') value = readObject(reader, schema, (known ?? {}) as Json, depth + 1)
  else if (schema.kind === 'list') value = readWrapped(reader, schema, (known ?? []) as unknown[], depth + 1)
  else value = readAny(reader, schema, depth + 1)
  leave(reader, end)
  return value
}

function readScalar(reader: WireReader, schema: ScalarSchema): unknown {
  switch (schema.scalar) {
    case 'string':
      return readString(reader)
    case 'boolean':
      return readInt64(reader) !== 0
    case 'int32':
      return readInt32(reader)
    case 'int64':
      return readInt64(reader)
    case 'number':
      return readDouble(reader)
    case 'bytes':
      return readBytes(reader).toString('base64')
    case 'quantity':
      return readParts(reader).text1 ?? '0'
    case 'intOrString': {
      const parts = readParts(reader)
      return parts.number1 === 1 ? (parts.text3 ?? '') : Number(BigInt.asIntN(32, BigInt(parts.number2 ?? 0)))
    }
    case 'time':
    case 'microTime':
      return readTime(reader, schema.scalar === 'microTime')
    case 'duration':
      return formatGoDuration(BigInt(readParts(reader).number1 ?? 0))
  }
}

interface Parts {
  text1: string | undefined
  text3: string | undefined
  number1: number | bigint | undefined
  number2: number | bigint | undefined
}

/** The fields of the small messages behind scalars: texts 1 and 3, numbers 1 and 2. */
function readParts(reader: WireReader): Parts {
  const parts: Parts = { text1: undefined, text3: undefined, number1: undefined, number2: undefined }
  const end = enter(reader)
  while (reader.at < reader.end) {
    const tag = readUint32(reader)
    if (tag === 0x0a) parts.text1 = readString(reader)
    else if (tag === 0x1a) parts.text3 = readString(reader)
    else if (tag === 0x08) parts.number1 = readInt64(reader)
    else if (tag === 0x10) parts.number2 = readInt64(reader)
    else skip(reader, tag & 7)
  }
  leave(reader, end)
  return parts
}

/** An empty message is Go's zero time. */
function readTime(reader: WireReader, micro: boolean): string | null {
  const before = reader.at
  const parts = readParts(reader)
  if (reader.at === before + 1) return null
  const seconds = Number(parts.number1 ?? 0)
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) throw new DecodeError('proto: time is out of range')
  const text = isoSeconds(seconds * 1000)
  if (!micro) return `${text}Z`
  const nanos = Number(parts.number2 ?? 0)
  if (nanos < 0 || nanos > 999_999_999) throw new DecodeError('proto: time is out of range')
  return `${text}.${String(Math.trunc(nanos / 1000)).padStart(6, '0')}Z`
}

function readWrapped(reader: WireReader, schema: ListSchema, items: unknown[], depth: number): unknown[] {
  while (reader.at < reader.end) {
    const tag = readUint32(reader)
    if (tag >>> 3 === 1) readItem(reader, schema, { items, wireType: tag & 7, number: 1, depth })
    else skip(reader, tag & 7)
  }
  return items
}

function readAny(reader: WireReader, schema: AnySchema, depth: number): unknown {
  if (schema.union !== undefined) return readUnion(reader, schema.union, depth)
  let raw: Buffer | undefined
  while (reader.at < reader.end) {
    const tag = readUint32(reader)
    if (tag === 0x0a) raw = readBytes(reader)
    else skip(reader, tag & 7)
  }
  if (raw === undefined || raw.length === 0) return null
  try {
    return parseJson(raw).value
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new DecodeError(`proto: embedded JSON: ${error.message}`)
  }
}

function readUnion(reader: WireReader, union: NonNullable<AnySchema['union']>, depth: number): unknown {
  let schema: Json | undefined
  let allows = false
  const items: unknown[] = []
  const readSchema = () => {
    const end = enter(reader)
    const read = readObject(reader, union.of(), {}, depth + 1)
    leave(reader, end)
    return read
  }
  while (reader.at < reader.end) {
    const tag = readUint32(reader)
    if (union.or === 'boolean' && tag === 0x08) allows = readInt64(reader) !== 0
    else if (union.or === 'boolean' && tag === 0x12) schema = readSchema()
    else if (union.or !== 'boolean' && tag === 0x0a) schema = readSchema()
    else if (union.or === 'schemas' && tag === 0x12) items.push(readSchema())
    else if (union.or === 'strings' && tag === 0x12) items.push(readString(reader))
    else skip(reader, tag & 7)
  }
  return schema ?? (union.or === 'boolean' ? allows : items)
}

function expect(wireType: number, wanted: number, number: number): void {
  if (wireType !== wanted) throw new DecodeError(`proto: wrong wireType = ${wireType} for field ${number}`)
}
