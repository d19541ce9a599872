// Objects as bytes in the encoding and the view that the client accepts.

import { encodeJson } from '@brume/api/codec/json'
import { encodeProtobuf } from '@brume/api/codec/protobuf'
import { emitYaml } from '@brume/api/codec/yaml-emit'
import type { KubeObject } from '@brume/api/object'
import type { ResourceDefinition } from '@brume/api/resource'
import { schemaFor } from '@brume/api/schema/compile'
import type { ObjectSchema } from '@brume/api/schema/schema'
import { partialMetadataOf, tableOf } from '../table/table.ts'
import { type Accepted, CONTENT_TYPES } from './accept.ts'
import type { ApiResponse } from './types.ts'

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'

/** An answer with any object whose schema is known. */
export function respondWith(
  accepted: Accepted,
  status: number,
  object: object,
  schema: ObjectSchema,
): ApiResponse {
  return {
    status,
    headers: { 'content-type': CONTENT_TYPES[accepted.encoding] },
    body: encodeAs(accepted, object, schema),
  }
}

export function encodeAs(accepted: Accepted, object: object, schema: ObjectSchema): Buffer | string {
  switch (accepted.encoding) {
    case 'protobuf':
      return encodeProtobuf(object as KubeObject, schema)
    case 'yaml':
      return emitYaml(object)
    case 'json':
      return encodeJson(object, accepted.pretty)
  }
}

/** The schema of a metav1 type such as `Status`. */
export function metaSchema(kind: string): ObjectSchema {
  return schemaFor(`${META}.${kind}`)
}

/** One object (already in the served version) in the accepted view: itself, a Table row, or its metadata. */
export function viewOf(
  accepted: Accepted,
  definition: Pick<ResourceDefinition, 'columns' | 'schema'>,
  object: KubeObject,
  view: { now: number; includeObject: 'None' | 'Metadata' | 'Object' },
): { object: object; schema: ObjectSchema } {
  if (accepted.as === 'Table') {
    const table = tableOf(definition, [object], {
      ...view,
      listMeta: { resourceVersion: object.metadata.resourceVersion },
      withColumnDefinitions: true,
      version: accepted.asVersion,
    })
    return { object: table, schema: metaSchema('Table') }
  }
  if (accepted.as === 'PartialObjectMetadata') {
    return {
      object: partialMetadataOf(object, accepted.asVersion),
      schema: metaSchema('PartialObjectMetadata'),
    }
  }
  return { object, schema: definition.schema }
}
