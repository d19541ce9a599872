// Lists in every form but plain JSON: Tables, metadata only, YAML, converted versions.

import type { KubeObject } from '@brume/api/object'
import { apiVersionOf } from '@brume/api/resource'
import type { Accepted } from '../http/accept.ts'
import { metaSchema, respondWith } from '../http/encode.ts'
import { listSchemaOf } from '../http/list-schema.ts'
import type { ApiResponse } from '../http/types.ts'
import { objectOf } from '../registry/entries.ts'
import type { ListOptions } from '../request/options.ts'
import { partialMetadataOf, tableOf } from '../table/table.ts'
import type { RequestContext } from './context.ts'
import type { Page } from './list.ts'
import { listMetaOf } from './list-json.ts'
import { protobufListResponse } from './list-protobuf.ts'
import { toServed } from './versions.ts'

export function viewListResponse(
  context: RequestContext,
  accepted: Accepted,
  options: ListOptions,
  page: Page,
): ApiResponse {
  const { definition } = context
  if (accepted.encoding === 'protobuf' && accepted.as === '') return protobufListResponse(definition, page)
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
  const list = {
    kind: definition.listKind,
    apiVersion: apiVersionOf(definition.group, definition.version),
    metadata,
    items: definition.custom === true ? objects : objects.map(withoutType),
  }
  return respondWith(accepted, 200, list, listSchemaOf(definition))
}

/** Items of built-in kinds carry no type: the list's says it. */
function withoutType({ kind: _kind, apiVersion: _apiVersion, ...rest }: KubeObject): object {
  return rest
}
