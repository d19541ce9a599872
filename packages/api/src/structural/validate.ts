// Validation of a value against a structural schema: everything but the rules in CEL.

import type { FieldError } from '../field-error.ts'
import type { Schema } from '../schema/schema.ts'
import { validateEmbedded } from './embedded.ts'
import { validateListTypes } from './list-types.ts'
import { validateSchema } from './validate-schema.ts'

/**
 * Field errors of a value below `path` ('' for a whole object), in Kubernetes' order. With `old`, the value that this
 * one replaces, what did not change is not judged again, but for embedded objects.
 */
export function validateValue(value: unknown, schema: Schema, path: string, old?: unknown): FieldError[] {
  const oldListsAreWrong = old !== undefined && validateListTypes(old, schema, path).length > 0
  return [
    ...validateSchema(value, schema, path, old),
    ...validateEmbedded(value, schema, path),
    ...(oldListsAreWrong ? [] : validateListTypes(value, schema, path)),
  ]
}
