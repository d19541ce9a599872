// metav1.Condition in the status of the kinds that use it.

import { duplicate, type FieldError, invalid, notSupported, required, tooLong } from '../field-error.ts'
import { byteLength, type Json, listOf } from './json.ts'
import { validateLabelName } from './labels.ts'
import { patternMessage } from './names.ts'

const STATUSES = ['False', 'True', 'Unknown']
const MAX_REASON_BYTES = 1024
const MAX_MESSAGE_BYTES = 32 * 1024
const REASON = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?'
const reasonPattern = new RegExp(`^${REASON}$`)
const REASON_EXAMPLES = ['my_name', 'MY_NAME', 'MyName', 'ReasonA,ReasonB', 'ReasonA:ReasonB']

export function validateConditions(conditions: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const types = new Set<string>()
  for (const [i, condition] of listOf(conditions).entries()) {
    const at = `${field}[${i}]`
    if (types.has(condition.type)) errors.push(duplicate(`${at}.type`, condition.type))
    types.add(condition.type)
    errors.push(...validateCondition(condition, at))
  }
  return errors
}

function validateCondition(condition: Json, field: string): FieldError[] {
  const errors = validateLabelName(condition.type ?? '', `${field}.type`)
  if (!STATUSES.includes(condition.status)) {
    errors.push(notSupported(`${field}.status`, condition.status ?? '', STATUSES))
  }
  if (condition.observedGeneration < 0) {
    const why = 'must be greater than or equal to zero'
    errors.push(invalid(`${field}.observedGeneration`, condition.observedGeneration, why))
  }
  if (!condition.lastTransitionTime) errors.push(required(`${field}.lastTransitionTime`, 'must be set'))
  errors.push(...validateReason(condition.reason ?? '', `${field}.reason`))
  if (byteLength(condition.message ?? '') > MAX_MESSAGE_BYTES) {
    errors.push(tooLong(`${field}.message`, MAX_MESSAGE_BYTES))
  }
  return errors
}

function validateReason(reason: string, field: string): FieldError[] {
  if (reason === '') return [required(field, 'must be set')]
  const errors: FieldError[] = []
  if (!reasonPattern.test(reason)) {
    const what =
      "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'"
    errors.push(invalid(field, reason, patternMessage(what, REASON, ...REASON_EXAMPLES)))
  }
  if (reason.length > MAX_REASON_BYTES) errors.push(tooLong(field, MAX_REASON_BYTES))
  return errors
}
