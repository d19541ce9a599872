// Validation of a value against a structural schema: everything but the rules in CEL.

import type { FieldError } from '../field-error.ts'
import type { Schema } from '../schema/schema.ts'
import { validateEmbedded } from './embedded.ts'
import { validateListTypes } from './list-types.ts'
import { validateSchema } from './validate-schema.ts'

/** Field errors of a value below `path` ('' for a whole object), in Kubernetes' order. */
export function validateValue(value: unknown, schema: Schema, path: string): FieldError[] {
  return [
    ...validateSchema(value, schema, path),
    ...validateEmbedded(value, schema, path),
    ...validateListTypes(value, schema, path),
  ]
}
