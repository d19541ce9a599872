// References from an autoscaler to what it scales and measures.

import { type FieldError, required } from '../../field-error.ts'
import { named } from '../../validate/fields.ts'
import type { Json } from '../../validate/json.ts'
import { isPathSegmentName } from '../../validate/names.ts'

/** A reference to an object of any kind, by kind and name. */
export function validateReference(reference: Json, field: string): FieldError[] {
  return ['kind', 'name'].flatMap((name) => {
    const value = reference[name]
    return value ? named(`${field}.${name}`, value, isPathSegmentName) : [required(`${field}.${name}`)]
  })
}
