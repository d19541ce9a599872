// Lists in every form but plain JSON: Tables, metadata only, YAML, protobuf, converted versions.

import { encodeProtobufMessage } from '@brume/api/codec/protobuf'
import { encodeProtobufList } from '@brume/api/codec/protobuf-list'
import type { KubeObject } from '@brume/api/object'
import { apiVersionOf, type ResourceDefinition } from '@brume/api/resource'
import { type Accepted, CONTENT_TYPES } from '../http/accept.ts'
import { metaSchema, respondWith } from '../http/encode.ts'
import { listSchemaOf } from '../http/list-schema.ts'
import { writeSlabs } from '../http/slabs.ts'
import type { ApiResponse } from '../http/types.ts'
import { objectOf } from '../registry/entries.ts'
import type { ListOptions } from '../request/options.ts'
import { partialMetadataOf, tableOf } from '../table/table.ts'
import type { RequestContext } from './context.ts'
import type { Page } from './list.ts'
import { type ListMeta, listMetaOf } from './list-json.ts'
import { toServed } from './versions.ts'

export function viewListResponse(
  context: RequestContext,
  accepted: Accepted,
  options: ListOptions,
  page: Page,
): ApiResponse {
  const { definition } = context
  const objects = page.entries.map((entry) => toServed(definition, objectOf(entry)))
  const metadata = listMetaOf(page)
  if (accepted.as === 'Table') {
    const table = tableOf(definition, objects, {
      now: context.parts.clock.now(),
      includeObject: options.includeObject,
      listMeta: metadata,
      withColumnDefinitions: true,
      version: accepted.asVersion,
    })
    return respondWith(accepted, 200, table, metaSchema('Table'))
  }
  if (accepted.as !== '') {
    const list = {
      kind: 'PartialObjectMetadataList',
      apiVersion: `meta.k8s.io/${accepted.asVersion}`,
      metadata,
      items: objects.map((object) => partialMetadataOf(object, accepted.asVersion)),
    }
    return respondWith(accepted, 200, list, metaSchema('PartialObjectMetadataList'))
  }
  if (accepted.encoding === 'protobuf') return protobufListResponse(definition, metadata, objects)
  const list = {
    kind: definition.listKind,
    apiVersion: apiVersionOf(definition.group, definition.version),
    metadata,
    items: objects,
  }
  return respondWith(accepted, 200, list, listSchemaOf(definition))
}

function protobufListResponse(
  definition: ResourceDefinition,
  metadata: ListMeta,
  objects: readonly KubeObject[],
): ApiResponse {
  const body = encodeProtobufList({
    apiVersion: apiVersionOf(definition.group, definition.version),
    kind: definition.listKind,
    metadata: { ...metadata },
    items: objects.map((object) => encodeProtobufMessage(object, definition.schema)),
  })
  const headers = { 'content-type': CONTENT_TYPES.protobuf }
  return { status: 200, headers, body: { start: (sink) => writeSlabs(sink, body) } }
}
