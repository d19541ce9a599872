// Defaults must be values that the schema itself accepts, without fields that it would prune.

import { deepClone, deepEqual } from '@brume/base/values'
import { type FieldError, invalid } from '../field-error.ts'
import type { Schema } from '../schema/schema.ts'
import { prune } from './prune.ts'
import { validateValue } from './validate.ts'

/** `schema` was compiled from a structural schema at `path`. Defaults of the root's own metadata are no defaults. */
export function defaultErrors(schema: Schema, path: string): FieldError[] {
  const errors = schema.default === undefined ? [] : errorsOf(schema.default, schema, `${path}.default`)
  if (schema.kind === 'list') errors.push(...defaultErrors(schema.items, `${path}.items`))
  if (schema.kind !== 'object') return errors
  for (const [name, field] of schema.fields) {
    errors.push(...defaultErrors(field.schema, `${path}.properties[${name}]`))
  }
  return errors
}

function errorsOf(value: unknown, schema: Schema, path: string): FieldError[] {
  if (value === null) return []
  const errors: FieldError[] = []
  const pruned = deepClone(value)
  prune(pruned, schema)
  if (!deepEqual(pruned, value)) errors.push(invalid(path, value, 'must not have unknown fields'))
  return [...errors, ...validateValue(value, schema, path)]
}
