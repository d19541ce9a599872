// The wire format of the CRI's messages, driven by their table.

import {
  BYTES,
  readBytes,
  readInt32,
  readInt64,
  readString,
  readUint32,
  skip,
  type WireReader,
  wireReader,
} from '@brume/api/codec/wire-reader'
import { WireWriter } from '@brume/api/codec/wire-writer'
import { assert } from '@brume/base/assert'
import { MESSAGES, type Message, type MessageName } from './messages.ts'

interface Field {
  name: string
  number: number
  /** A scalar's name or a message's. */
  type: string
  shape: 'one' | 'list' | 'map'
}

interface Plan {
  fields: readonly Field[]
  byNumber: ReadonlyMap<number, Field>
}

type Values = Record<string, unknown>

const plans = new Map<string, Plan>()

/** Zero values are left out, as proto3 does; undefined means absent. */
export function encodeMessage<N extends MessageName>(name: N, message: Message<N>): Buffer {
  const writer = new WireWriter()
  writeMessage(writer, name, message as Values)
  return writer.finish()
}

/** Unknown fields are left out. Throws DecodeError for bytes that are no message. */
export function decodeMessage<N extends MessageName>(name: N, bytes: Buffer): Message<N> {
  return readMessage(wireReader(bytes), name) as Message<N>
}

function writeMessage(writer: WireWriter, name: string, message: Values): void {
  // The writer goes backwards: the last field first.
  const { fields } = planOf(name)
  for (let i = fields.length - 1; i >= 0; i--) {
    const field = fields[i]!
    const value = message[field.name]
    if (value === undefined) continue
    if (field.shape === 'one') writeField(writer, field.number, field.type, value, false)
    else if (field.shape === 'map') writeMap(writer, field, value as Values)
    else for (const item of [...(value as unknown[])].reverse()) writeItem(writer, field, item)
  }
}

function writeItem(writer: WireWriter, { number, type }: Field, item: unknown): void {
  writeField(writer, number, type, item, true)
}

function writeMap(writer: WireWriter, { number, type }: Field, entries: Values): void {
  for (const [key, value] of Object.entries(entries).reverse()) {
    const before = writer.length
    writeField(writer, 2, type, value, true)
    writeField(writer, 1, 'string', key, true)
    writer.delimit(number, before)
  }
}

/** Lists of numbers are written unpacked, which every reader of proto3 must take. */
function writeField(
  writer: WireWriter,
  number: number,
  type: string,
  value: unknown,
  keepZero: boolean,
): void {
  switch (type) {
    case 'string': {
      if (value === '' && !keepZero) break
      const before = writer.length
      writer.string(value as string)
      writer.delimit(number, before)
      break
    }
    case 'bytes': {
      const before = writer.length
      writer.bytes(value as Buffer)
      writer.delimit(number, before)
      break
    }
    case 'bool':
    case 'int32':
    case 'int64':
    case 'enum': {
      const integer = Number(value)
      assert(Number.isSafeInteger(integer), `field ${number}: ${String(value)} is no safe integer`)
      if (integer === 0 && !keepZero) break
      writer.int64(integer)
      writer.tag(number, 0)
      break
    }
    default: {
      const before = writer.length
      writeMessage(writer, type, value as Values)
      writer.delimit(number, before)
    }
  }
}

function readMessage(reader: WireReader, name: string): Values {
  const { fields, byNumber } = planOf(name)
  const message: Values = {}
  // Lists and maps are collected first: an absent one stays absent.
  const lists = new Map<Field, unknown[]>()
  while (reader.at < reader.end) {
    const tag = readUint32(reader)
    const field = byNumber.get(tag >>> 3)
    if (field === undefined) skip(reader, tag & 7)
    else if (field.shape === 'one') message[field.name] = readValue(reader, field.type)
    else readItems(reader, field, tag & 7, listOf(lists, field))
  }
  for (const field of fields) {
    const items = lists.get(field)
    if (items === undefined) continue
    message[field.name] = field.shape === 'list' ? items : Object.fromEntries(items as [string, unknown][])
  }
  return message
}

function listOf(lists: Map<Field, unknown[]>, field: Field): unknown[] {
  let items = lists.get(field)
  if (items === undefined) {
    items = []
    lists.set(field, items)
  }
  return items
}

/** Numbers may come packed, several in one field. */
function readItems(reader: WireReader, { type, shape }: Field, wireType: number, into: unknown[]): void {
  if (shape === 'map') {
    into.push(readEntry(wireReader(readBytes(reader)), type))
  } else if (wireType === BYTES && isNumber(type)) {
    const packed = wireReader(readBytes(reader))
    while (packed.at < packed.end) into.push(readValue(packed, type))
  } else {
    into.push(readValue(reader, type))
  }
}

function readEntry(reader: WireReader, type: string): [string, unknown] {
  let key = ''
  let value: unknown = type === 'string' ? '' : 0
  while (reader.at < reader.end) {
    const tag = readUint32(reader)
    if (tag >>> 3 === 1) key = readString(reader)
    else if (tag >>> 3 === 2) value = readValue(reader, type)
    else skip(reader, tag & 7)
  }
  return [key, value]
}

function readValue(reader: WireReader, type: string): unknown {
  switch (type) {
    case 'string':
      return readString(reader)
    case 'bytes':
      return Buffer.from(readBytes(reader))
    case 'bool':
      return readInt32(reader) !== 0
    case 'int32':
    case 'enum':
      return readInt32(reader)
    case 'int64':
      return Number(readInt64(reader))
    default:
      return readMessage(wireReader(readBytes(reader)), type)
  }
}

function isNumber(type: string): boolean {
  return type === 'int32' || type === 'int64' || type === 'enum' || type === 'bool'
}

function planOf(name: string): Plan {
  let plan = plans.get(name)
  if (plan === undefined) {
    const table = MESSAGES[name as MessageName] as Record<string, readonly [number, string]> | undefined
    assert(table !== undefined, `no such message: ${name}`)
    const fields = Object.entries(table).map(([field, [number, type]]) => fieldOf(field, number, type))
    plan = { fields, byNumber: new Map(fields.map((field) => [field.number, field])) }
    plans.set(name, plan)
  }
  return plan
}

function fieldOf(name: string, number: number, type: string): Field {
  if (type.endsWith('[]')) return { name, number, type: type.slice(0, -2), shape: 'list' }
  if (type.startsWith('map<')) return { name, number, type: type.slice(4, -1), shape: 'map' }
  return { name, number, type, shape: 'one' }
}
