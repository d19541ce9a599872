// Kubernetes' protobuf bodies: `k8s\0`, then runtime.Unknown around the message of the object.

import type { KubeObject } from '../object.ts'
import { decodeBuiltin } from '../schema/decode.ts'
import { DecodeError } from '../schema/decode-error.ts'
import type { ObjectSchema } from '../schema/schema.ts'
import { readObject } from './protobuf-decode.ts'
import { writeObject } from './protobuf-encode.ts'
import {
  BYTES,
  readBytes,
  readLength,
  readString,
  readUint32,
  skip,
  type WireReader,
  wireReader,
} from './wire-reader.ts'
import { WireWriter } from './wire-writer.ts'

export { DecodeError } from '../schema/decode-error.ts'

const MAGIC = Buffer.from('k8s\0', 'latin1')

/** runtime.Unknown. `raw` is a view into the bytes it was read from. */
export interface UnknownEnvelope {
  apiVersion: string
  kind: string
  raw: Buffer
  contentEncoding: string
  contentType: string
}

/** The schema of a kind, undefined when it is not known. */
export type ResolveSchema = (apiVersion: string, kind: string) => ObjectSchema | undefined

/** One writer for all: encoding is synchronous and copies its result out. */
const writer = new WireWriter()

/**
 * A body to its object in Go's JSON form. Throws DecodeError for anything malformed, and for a kind that `resolve` does
 * not know. Unknown fields are skipped.
 */
export function decodeProtobuf(bytes: Buffer, resolve: ResolveSchema): KubeObject {
  const envelope = decodeEnvelope(bytes)
  const { apiVersion, kind } = envelope
  const schema = resolve(apiVersion, kind)
  if (schema === undefined) {
    throw new DecodeError(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`,
    )
  }
  const raw = readObject(wireReader(envelope.raw), schema)
  return decodeBuiltin({ kind, apiVersion, ...raw }, schema).value
}

/** The object's body: envelope and message. The object has the form that decodeBuiltin gives. */
export function encodeProtobuf(object: KubeObject, schema: ObjectSchema): Buffer {
  // Go's WatchEvent is enveloped without them, and a client's body may lack them.
  const { apiVersion = '', kind = '' } = object
  return finish(() => writeEnvelope({ apiVersion, kind }, () => writeObject(writer, object, schema)))
}

/** A message without envelope: an item of a list, or WatchEvent. apiVersion and kind are not in it. */
export function decodeProtobufMessage(bytes: Buffer, schema: ObjectSchema): Record<string, unknown> {
  return decodeBuiltin(readObject(wireReader(bytes), schema), schema).value
}

export function encodeProtobufMessage(object: Record<string, unknown>, schema: ObjectSchema): Buffer {
  return finish(() => writeObject(writer, object, schema))
}

export function isProtobuf(bytes: Buffer): boolean {
  return bytes.length >= MAGIC.length && bytes.compare(MAGIC, 0, MAGIC.length, 0, MAGIC.length) === 0
}

/** The envelope alone, e.g. to learn the kind. */
export function decodeEnvelope(bytes: Buffer): UnknownEnvelope {
  if (!isProtobuf(bytes)) {
    throw new DecodeError(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    )
  }
  const reader = wireReader(bytes)
  reader.at = MAGIC.length
  const envelope: UnknownEnvelope = {
    apiVersion: '',
    kind: '',
    raw: bytes.subarray(0, 0),
    contentEncoding: '',
    contentType: '',
  }
  while (reader.at < reader.end) {
    const tag = readUint32(reader)
    if (tag === 0x0a) readTypeMeta(reader, envelope)
    else if (tag === 0x12) envelope.raw = readBytes(reader)
    else if (tag === 0x1a) envelope.contentEncoding = readString(reader)
    else if (tag === 0x22) envelope.contentType = readString(reader)
    else skip(reader, tag & 7)
  }
  return envelope
}

/** A body around a message that is encoded already. */
export function wrapUnknown(apiVersion: string, kind: string, raw: Buffer): Buffer {
  return finish(() => writeEnvelope({ apiVersion, kind }, () => writer.bytes(raw)))
}

/** What goes before and after a message of `rawLength` bytes in its body: for bodies that are streamed. */
export function unknownEnds(
  apiVersion: string,
  kind: string,
  rawLength: number,
): { head: Buffer; tail: Buffer } {
  const head = finish(() => {
    writer.uint32(rawLength)
    writer.tag(2, BYTES)
    writeTypeMeta(apiVersion, kind)
    writer.bytes(MAGIC)
  })
  return { head, tail: finish(writeContentFields) }
}

function readTypeMeta(reader: WireReader, envelope: UnknownEnvelope): void {
  const stop = readLength(reader)
  const { end } = reader
  reader.end = stop
  while (reader.at < stop) {
    const tag = readUint32(reader)
    if (tag === 0x0a) envelope.apiVersion = readString(reader)
    else if (tag === 0x12) envelope.kind = readString(reader)
    else skip(reader, tag & 7)
  }
  reader.end = end
}

function finish(write: () => void): Buffer {
  try {
    write()
    return writer.finish()
  } catch (error) {
    writer.clear()
    throw error
  }
}

/** Backwards, as everything the writer gets. */
function writeEnvelope(of: { apiVersion: string; kind: string }, writeRaw: () => void): void {
  writeContentFields()
  const before = writer.length
  writeRaw()
  writer.delimit(2, before)
  writeTypeMeta(of.apiVersion, of.kind)
  writer.bytes(MAGIC)
}

/** contentEncoding and contentType: empty, but always there. */
function writeContentFields(): void {
  writer.delimit(4, writer.length)
  writer.delimit(3, writer.length)
}

function writeTypeMeta(apiVersion: string, kind: string): void {
  const before = writer.length
  writeText(kind, 2)
  writeText(apiVersion, 1)
  writer.delimit(1, before)
}

function writeText(text: string, number: number): void {
  const before = writer.length
  writer.string(text)
  writer.delimit(number, before)
}
