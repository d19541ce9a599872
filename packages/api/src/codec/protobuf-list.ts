// Lists and watch frames joined from objects that are encoded already, so that nothing is encoded twice.

import { schemaFor } from '../schema/compile.ts'
import { encodeProtobufMessage, unknownEnds } from './protobuf.ts'
import { BYTES } from './wire-reader.ts'

/** Lists: ListMeta is field 1, the items are field 2. */
const METADATA_TAG = (1 << 3) | BYTES
const ITEMS_TAG = (2 << 3) | BYTES
/** WatchEvent{type = 1, object = 2}, RawExtension{raw = 1}. */
const TYPE_TAG = (1 << 3) | BYTES
const OBJECT_TAG = (2 << 3) | BYTES
const RAW_TAG = (1 << 3) | BYTES
/** A one-byte tag and a length of at most 32 bits. */
const MAX_HEADER = 6
/** Length-delimited framing: four bytes, big-endian. */
const LENGTH_BYTES = 4

export interface ProtobufList {
  apiVersion: string
  /** `PodList` */
  kind: string
  /** ListMeta: resourceVersion, continue, remainingItemCount. */
  metadata: Record<string, unknown>
  /** Messages without envelope (encodeProtobufMessage). */
  items: readonly Buffer[]
}

/** The body of a list as buffers to send one after the other; the items are not copied. */
export function encodeProtobufList(list: ProtobufList): Buffer[] {
  const metadata = encodeProtobufMessage(
    list.metadata,
    schemaFor('io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta'),
  )
  const headers = Buffer.allocUnsafeSlow((list.items.length + 1) * MAX_HEADER)
  const metadataHeaderEnd = writeHeader(headers, 0, METADATA_TAG, metadata.length)
  const body: Buffer[] = [headers.subarray(0, metadataHeaderEnd), metadata]
  let length = metadataHeaderEnd + metadata.length
  let at = metadataHeaderEnd
  for (const item of list.items) {
    const stop = writeHeader(headers, at, ITEMS_TAG, item.length)
    body.push(headers.subarray(at, stop), item)
    length += stop - at + item.length
    at = stop
  }
  const { head, tail } = unknownEnds(list.apiVersion, list.kind, length)
  return [head, ...body, tail]
}

/**
 * One frame of a protobuf watch stream: length in four bytes, then meta.v1.WatchEvent{type, object: RawExtension{raw}}.
 * `object` is a whole body, envelope included.
 */
export function encodeWatchFrame(type: string, object: Buffer): Buffer {
  const head = Buffer.allocUnsafe(LENGTH_BYTES + type.length + 3 * MAX_HEADER)
  let at = writeHeader(head, LENGTH_BYTES, TYPE_TAG, type.length)
  at += head.write(type, at, 'latin1')
  at = writeHeader(head, at, OBJECT_TAG, headerLength(object.length) + object.length)
  at = writeHeader(head, at, RAW_TAG, object.length)
  head.writeUInt32BE(at - LENGTH_BYTES + object.length, 0)
  const frame = Buffer.allocUnsafeSlow(at + object.length)
  head.copy(frame, 0, 0, at)
  object.copy(frame, at)
  return frame
}

function headerLength(length: number): number {
  let size = 2
  for (let rest = length >>> 7; rest > 0; rest >>>= 7) size++
  return size
}

/** A one-byte tag and a varint length; returns the offset behind them. */
function writeHeader(into: Buffer, at: number, tag: number, length: number): number {
  let next = at
  into[next++] = tag
  let rest = length
  while (rest >= 0x80) {
    into[next++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  into[next++] = rest
  return next
}
