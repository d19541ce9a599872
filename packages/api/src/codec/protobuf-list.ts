// Lists and watch frames joined from objects that are encoded already, so that nothing is encoded twice.

import { assert } from '@brume/base/assert'
import { schemaFor } from '../schema/compile.ts'
import { encodeProtobufMessage, unknownEnds } from './protobuf.ts'
import { BYTES } from './wire-reader.ts'

const METADATA_TAG = (1 << 3) | BYTES
const ITEMS_TAG = (2 << 3) | BYTES
const MAX_HEADER = 6

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
  const typeBytes = Buffer.from(type, 'latin1')
  assert(typeBytes.length < 0x80, 'a watch event type is short')
  const inner = MAX_HEADER + object.length
  const scratch = Buffer.allocUnsafe(MAX_HEADER * 3 + typeBytes.length)
  const rawHeader = Buffer.allocUnsafe(MAX_HEADER)
  const rawHeaderLength = writeHeader(rawHeader, 0, METADATA_TAG, object.length)
  assert(inner < 2 ** 31, 'a watch event fits its length field')
  let at = writeHeader(scratch, 4, (1 << 3) | BYTES, typeBytes.length)
  at += typeBytes.copy(scratch, at)
  at = writeHeader(scratch, at, (2 << 3) | BYTES, rawHeaderLength + object.length)
  at += rawHeader.copy(scratch, at, 0, rawHeaderLength)
  scratch.writeUInt32BE(at - 4 + object.length, 0)
  const frame = Buffer.allocUnsafeSlow(at + object.length)
  scratch.copy(frame, 0, 0, at)
  object.copy(frame, at)
  return frame
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
