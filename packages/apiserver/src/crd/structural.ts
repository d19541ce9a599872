// The structural schema behind a definition that a CRD serves. It is kept beside the definition, whose own schema has
// full metadata in place of what the author says of it.

import { schemaFor } from '@brume/api/schema/compile'
import type { FieldSchema, ObjectSchema } from '@brume/api/schema/schema'
import { buildRoot } from '@brume/api/structural/compile'
import type { JsonSchema } from '@brume/api/structural/json-schema'
import { assert } from '@brume/base/assert'

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'

export interface Structural {
  /** As the author wrote it: for validation and defaults. */
  declared: ObjectSchema
  /** Knows apiVersion, kind and metadata beside what is declared: for pruning. */
  pruning: ObjectSchema
}

const structurals = new WeakMap<ObjectSchema, Structural>()

/** The schema that a definition carries, with `name` as its OpenAPI name. */
export function servedSchema(source: JsonSchema, name: string): ObjectSchema {
  const declared = buildRoot(source)
  const fields = new Map<string, FieldSchema>()
  const text = { kind: 'scalar', scalar: 'string' } as const
  fields.set('apiVersion', { name: 'apiVersion', schema: text, number: 0, required: false })
  fields.set('kind', { name: 'kind', schema: text, number: 0, required: false })
  fields.set('metadata', { name: 'metadata', schema: schemaFor(OBJECT_META), number: 0, required: false })
  for (const [key, field] of declared.fields) if (!fields.has(key)) fields.set(key, field)
  const served: ObjectSchema = { ...declared, name, fields, source }
  structurals.set(served, { declared, pruning: { ...declared, embedded: true } })
  return served
}

/** Asserts that the schema is one of servedSchema's. */
export function structuralOf(schema: ObjectSchema): Structural {
  const structural = structurals.get(schema)
  assert(structural !== undefined, 'only definitions made from a CRD have a structural schema')
  return structural
}
