// One file of a downward API volume.

import { type FieldError, invalid, required } from '../../../field-error.ts'
import type { Json } from '../../../validate/json.ts'
import { VOLUME_FIELDS, validateFieldRef, validateResourceRef } from './field-refs.ts'
import { validateFileMode, validateLocalPath } from './paths.ts'

/** Kubernetes reports every file's errors at the volume itself. */
export function validateDownwardItem(item: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (!item.path) errors.push(required(`${field}.path`))
  errors.push(...validateLocalPath(item.path ?? '', `${field}.path`))
  if (item.fieldRef) {
    errors.push(...validateFieldRef(item.fieldRef, VOLUME_FIELDS, `${field}.fieldRef`))
    if (item.resourceFieldRef) {
      const why = 'fieldRef and resourceFieldRef can not be specified simultaneously'
      errors.push(invalid(field, 'resource', why))
    }
  } else if (item.resourceFieldRef) {
    errors.push(...validateResourceRef(item.resourceFieldRef, `${field}.resourceFieldRef`, true))
  } else {
    errors.push(required(field, 'one of fieldRef and resourceFieldRef is required'))
  }
  return errors.concat(validateFileMode(item.mode, `${field}.mode`))
}
