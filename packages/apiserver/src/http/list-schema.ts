// The type of a kind's list: TypeMeta, ListMeta and items, for the protobuf codec and OpenAPI.

import type { ResourceDefinition } from '@brume/api/resource'
import { schemaFor } from '@brume/api/schema/compile'
import type { FieldSchema, ObjectSchema, Schema } from '@brume/api/schema/schema'

const cache = new WeakMap<ResourceDefinition, ObjectSchema>()

export function listSchemaOf(definition: ResourceDefinition): ObjectSchema {
  const known = cache.get(definition)
  if (known !== undefined) return known
  const text: Schema = { kind: 'scalar', scalar: 'string' }
  const field = (name: string, number: number, schema: Schema): [string, FieldSchema] => [
    name,
    { name, schema, number, required: name === 'items' },
  ]
  const schema: ObjectSchema = {
    kind: 'object',
    ...(definition.schema.name === undefined ? {} : { name: `${definition.schema.name}List` }),
    fields: new Map([
      field('kind', 0, text),
      field('apiVersion', 0, text),
      field('metadata', 1, schemaFor('io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta')),
      field('items', 2, { kind: 'list', items: definition.schema, listType: 'atomic' }),
    ]),
  }
  cache.set(definition, schema)
  return schema
}
