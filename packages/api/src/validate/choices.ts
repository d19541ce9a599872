// Fields that may hold one of a few words, or nothing.

import { type FieldError, notSupported } from '../field-error.ts'
import { isUnset } from './fields.ts'

export const PROTOCOLS = ['SCTP', 'TCP', 'UDP']

/** As `oneOf` of fields.ts, but an absent or empty value is fine. */
export function optionalOneOf(field: string, value: unknown, supported: readonly string[]): FieldError[] {
  if (isUnset(value) || supported.includes(value as string)) return []
  return [notSupported(field, value, supported)]
}
