// Value rules of strings and numbers, worded as kube-openapi words them.

import { type FieldError, invalid, tooLong } from '../field-error.ts'
import type { Constraints } from '../schema/schema.ts'
import { isOfFormat, knownFormat } from './formats.ts'
import { isPatternWorkSpent } from './pattern.ts'

/** Where a value stands: its field path, and its name in messages (the path below the validated root). */
export interface Place {
  field: string
  name: string
}

export function validateString(text: string, constraints: Constraints, at: Place): FieldError[] {
  const errors: FieldError[] = []
  const { minLength, maxLength, pattern } = constraints
  if (maxLength !== undefined && text.length > maxLength && runes(text) > maxLength) {
    errors.push(tooLong(at.field, maxLength))
  }
  if (minLength !== undefined && runes(text) < minLength) {
    errors.push(invalid(at.field, text, `${at.name} in body should be at least ${minLength} chars long`))
  }
  if (pattern !== undefined && !pattern.test(text)) {
    const unchecked = isPatternWorkSpent() ? ' (not checked: the patterns of this object take too long)' : ''
    errors.push(invalid(at.field, text, `${at.name} in body should match '${pattern.source}'${unchecked}`))
  }
  return errors
}

/** A text that is not of its format counts as of the wrong type. */
export function validateFormat(text: string, constraints: Constraints, at: Place): FieldError[] {
  const format = constraints.format
  if (format === undefined || knownFormat(format) === undefined || isOfFormat(format, text)) return []
  const shown = JSON.stringify(text)
  const detail = `${at.name} in body must be of type ${format}: ${shown}`
  return [{ type: 'FieldValueTypeInvalid', field: at.field, message: `Invalid value: ${shown}: ${detail}` }]
}

export function validateNumber(value: number | bigint, constraints: Constraints, at: Place): FieldError[] {
  const errors: FieldError[] = []
  const wrong = (what: string) =>
    errors.push(invalid(at.field, value, `${at.name} in body should be ${what}`))
  const { minimum, maximum, multipleOf } = constraints
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) wrong(`a multiple of ${multipleOf}`)
  if (maximum !== undefined) {
    if (constraints.exclusiveMaximum) {
      if (value >= maximum) wrong(`less than ${maximum}`)
    } else if (value > maximum) wrong(`less than or equal to ${maximum}`)
  }
  if (minimum !== undefined) {
    if (constraints.exclusiveMinimum) {
      if (value <= minimum) wrong(`greater than ${minimum}`)
    } else if (value < minimum) wrong(`greater than or equal to ${minimum}`)
  }
  return errors
}

function isMultiple(value: number | bigint, factor: number): boolean {
  if (factor <= 0) return false
  if (typeof value === 'bigint') return Number.isInteger(factor) && value % BigInt(factor) === 0n
  const times = factor < 1 ? (1 / factor) * value : value / factor
  return Math.abs(times - Math.round(times)) <= 1e-9 * Math.max(1, Math.abs(times))
}

/** Unicode characters, not UTF-16 units. */
function runes(text: string): number {
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 0xd800 && code < 0xdc00 && i + 1 < text.length) i++
    count++
  }
  return count
}
