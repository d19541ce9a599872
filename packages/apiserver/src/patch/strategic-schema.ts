// What a strategic merge patch must know of a field: how it is merged, and the schema beneath it.

import type { FieldSchema, ObjectSchema, Schema } from '@brume/api/schema/schema'
import { badRequest, type StatusError } from '@brume/base/errors'

export interface PatchField {
  /** 'merge', 'replace' or ''; retainKeys is a matter of the patch's own $retainKeys. */
  strategy: string
  /** '' for lists of primitives and for fields without one. */
  mergeKey: string
  /** Of the value, or of the items of a list. undefined: free-form JSON, merged without knowledge. */
  schema: Schema | undefined
}

const FREE_FORM: PatchField = { strategy: '', mergeKey: '', schema: undefined }

/** How `key` of an object with this schema is merged. Throws BadRequest for a field that the schema lacks. */
export function patchField(schema: Schema | undefined, key: string): PatchField {
  if (schema === undefined || schema.kind === 'any') return FREE_FORM
  if (schema.kind === 'map') return { strategy: '', mergeKey: '', schema: itemsOf(schema.values) }
  if (schema.kind !== 'object') throw unknownField(schema, key)
  const field = schema.fields.get(key)
  if (field !== undefined) return describe(field)
  if (schema.preserveUnknown || schema.additional !== undefined) return FREE_FORM
  throw unknownField(schema, key)
}

function describe(field: FieldSchema): PatchField {
  const strategies = field.patchStrategy === undefined ? [] : field.patchStrategy.split(',')
  return {
    strategy: strategies.find((strategy) => strategy !== 'retainKeys') ?? '',
    mergeKey: field.patchMergeKey ?? '',
    schema: itemsOf(field.schema),
  }
}

function itemsOf(schema: Schema): Schema {
  return schema.kind === 'list' ? schema.items : schema
}

function unknownField(schema: Schema, key: string): StatusError {
  const type = (schema as ObjectSchema).name?.split('.').at(-1) ?? schema.kind
  return badRequest(`unable to find api field in struct ${type} for the json field ${JSON.stringify(key)}`)
}
