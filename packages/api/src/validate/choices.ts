// Fields that hold one of a few words.

import { type FieldError, notSupported, required } from '../field-error.ts'

/** An absent or empty value is fine. */
export function oneOf(
  value: string | null | undefined,
  field: string,
  supported: readonly string[],
): FieldError[] {
  if (value === undefined || value === null || value === '' || supported.includes(value)) return []
  return [notSupported(field, value, supported)]
}

/** The value must be there. */
export function requiredOneOf(
  value: string | null | undefined,
  field: string,
  supported: readonly string[],
): FieldError[] {
  return value ? oneOf(value, field, supported) : [required(field)]
}

export const PROTOCOLS = ['SCTP', 'TCP', 'UDP']
