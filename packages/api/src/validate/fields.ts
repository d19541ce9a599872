// Small checks that many kinds share: one field, one rule, one FieldError.

import { type FieldError, invalid, required } from '../field-error.ts'
import { goIntOrString } from './go-text.ts'
import { isPercent } from './names.ts'

export const NEGATIVE_MESSAGE = 'must be greater than or equal to 0'
export const POSITIVE_MESSAGE = 'must be greater than 0'
export const NOT_INTEGER_MESSAGE = 'must be an integer'

/** The messages of a `(text) => string[]` rule as errors of `field`. */
export function named(field: string, value: string, rule: (text: string) => string[]): FieldError[] {
  return rule(value).map((message) => invalid(field, value, message))
}

/** An absent number is fine. */
export function nonnegative(value: number | bigint | undefined | null, field: string): FieldError[] {
  if (value === undefined || value === null || value >= 0) return []
  return [invalid(field, value, NEGATIVE_MESSAGE)]
}

export function positive(value: number | bigint | undefined | null, field: string): FieldError[] {
  if (value === undefined || value === null || value > 0) return []
  return [invalid(field, value, POSITIVE_MESSAGE)]
}

/** A count >= 0 or a percentage as text. */
export function positiveIntOrPercent(value: number | string | undefined, field: string): FieldError[] {
  if (typeof value !== 'string') return nonnegative(value, field)
  return isPercent(value).map((message) => invalidAs(field, goIntOrString(value), message))
}

/** The number before '%', or undefined for a count. */
export function percentOf(value: number | string | undefined): number | undefined {
  if (typeof value !== 'string' || isPercent(value).length > 0) return undefined
  return Number(value.slice(0, -1))
}

/** The number of a count, or before '%'; 0 for what is neither. */
export function intOrPercentValue(value: number | string | undefined): number {
  return percentOf(value) ?? (typeof value === 'number' ? value : 0)
}

export function notMoreThan100Percent(value: number | string | undefined, field: string): FieldError[] {
  const percent = percentOf(value)
  if (percent === undefined || percent <= 100) return []
  return [invalidAs(field, goIntOrString(value), 'must not be greater than 100%')]
}

/** Absent, null or empty text. */
export function isUnset(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}

/** As `notSupported`, with the values in the given order: Kubernetes sorts only those that it keeps as a set. */
export function unsupported(field: string, value: unknown, inOrder: readonly string[]): FieldError {
  const shown = value === undefined || value === null ? 'null' : JSON.stringify(value)
  const supported = inOrder.map((v) => JSON.stringify(v)).join(', ')
  return {
    type: 'FieldValueNotSupported',
    field,
    message: `Unsupported value: ${shown}: supported values: ${supported}`,
  }
}

/** A choice that must be made: '' or absent is Required, anything else must be one of `inOrder`. */
export function oneOf(field: string, value: unknown, inOrder: readonly string[]): FieldError[] {
  if (isUnset(value)) return [required(field)]
  return inOrder.includes(value as string) ? [] : [unsupported(field, value, inOrder)]
}

/** An error whose value is shown as `text` says (see go-text.ts). */
export function invalidAs(field: string, text: string, detail: string): FieldError {
  return { type: 'FieldValueInvalid', field, message: `Invalid value: ${text}: ${detail}` }
}
