// LIST in protobuf: an object is encoded for the first list that holds it and kept for the next, within a budget. A
// list that has to encode much does it in steps, so that other requests go on meanwhile.

import { encodeProtobufMessage } from '@brume/api/codec/protobuf'
import { encodeProtobufList } from '@brume/api/codec/protobuf-list'
import { apiVersionOf, type ResourceDefinition } from '@brume/api/resource'
import type { Entry } from '@brume/store/contract'
import { CONTENT_TYPES } from '../http/accept.ts'
import { writeSlabs } from '../http/slabs.ts'
import type { ApiResponse, Sink } from '../http/types.ts'
import { objectOf } from '../registry/entries.ts'
import { EncodedCache } from './encoded-cache.ts'
import type { Page } from './list.ts'
import { listMetaOf } from './list-json.ts'
import { toServed } from './versions.ts'

/** Objects encoded at a stretch: some milliseconds. */
const STEP = 100

/** Enough for a list of ten thousand pods. */
const cache = new EncodedCache(32 * 1024 * 1024)

export function protobufListResponse(definition: ResourceDefinition, page: Page): ApiResponse {
  return {
    status: 200,
    headers: { 'content-type': CONTENT_TYPES.protobuf },
    body: { start: (sink) => encodeInSteps(definition, page, sink) },
  }
}

/** The length of the whole stands in front of a protobuf list, so that nothing can be sent before all is encoded. */
function encodeInSteps(definition: ResourceDefinition, page: Page, sink: Sink): void {
  const items: Buffer[] = []
  const step = () => {
    if (sink.closed) return
    for (let fresh = 0; fresh < STEP && items.length < page.entries.length; ) {
      const entry = page.entries[items.length]!
      const known = cache.get(entry, definition)
      items.push(known ?? encode(definition, entry))
      if (known === undefined) fresh++
    }
    if (items.length < page.entries.length) setImmediate(step)
    else writeSlabs(sink, listOf(definition, page, items))
  }
  step()
}

function encode(definition: ResourceDefinition, entry: Entry): Buffer {
  const bytes = encodeProtobufMessage(toServed(definition, objectOf(entry)), definition.schema)
  cache.set(entry, definition, bytes)
  return bytes
}

function listOf(definition: ResourceDefinition, page: Page, items: readonly Buffer[]): Buffer[] {
  return encodeProtobufList({
    apiVersion: apiVersionOf(definition.group, definition.version),
    kind: definition.listKind,
    metadata: { ...listMetaOf(page) },
    items,
  })
}
