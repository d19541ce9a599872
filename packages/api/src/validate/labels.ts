// Labels, and metav1.LabelSelector inside objects.

import { type FieldError, forbiddenField, invalid, required } from '../field-error.ts'
import { named } from './fields.ts'
import { type Json, listOf, mapOf } from './json.ts'
import { isQualifiedName, isValidLabelValue } from './names.ts'

export interface SelectorRules {
  /** For updates of objects that already hold such a value. */
  allowInvalidValues?: boolean
  /** For access reviews, which answer for operators that they do not know. */
  allowUnknownOperator?: boolean
}

export function validateLabelName(name: string, field: string): FieldError[] {
  return named(field, name, isQualifiedName)
}

/** Errors stand at the map itself, as in Kubernetes. */
export function validateLabels(
  labels: Record<string, string> | null | undefined,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  for (const [key, value] of Object.entries(mapOf(labels))) {
    errors.push(...validateLabelName(key, field), ...named(field, value, isValidLabelValue))
  }
  return errors
}

/** An absent selector is fine here: whether it must be there is the kind's own rule. */
export function validateLabelSelector(
  selector: Json,
  field: string,
  rules: SelectorRules = {},
): FieldError[] {
  if (selector === undefined || selector === null) return []
  const errors = validateLabels(selector.matchLabels, `${field}.matchLabels`)
  for (const [i, requirement] of listOf(selector.matchExpressions).entries()) {
    errors.push(...validateRequirement(requirement, `${field}.matchExpressions[${i}]`, rules))
  }
  return errors
}

/** True for absent and for `{}`: a selector that selects everything. */
export function isEmptySelector(selector: Json): boolean {
  if (selector === undefined || selector === null) return true
  return (
    Object.keys(mapOf(selector.matchLabels)).length === 0 && listOf(selector.matchExpressions).length === 0
  )
}

function validateRequirement(requirement: Json, field: string, rules: SelectorRules): FieldError[] {
  const errors: FieldError[] = []
  const values: string[] = listOf(requirement.values)
  const operator: string = requirement.operator ?? ''
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) {
      errors.push(required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
    }
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      const why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
      errors.push(forbiddenField(`${field}.values`, why))
    }
  } else if (!rules.allowUnknownOperator) {
    errors.push(invalid(`${field}.operator`, operator, 'not a valid selector operator'))
  }
  errors.push(...validateLabelName(requirement.key ?? '', `${field}.key`))
  if (rules.allowInvalidValues) return errors
  for (const [i, value] of values.entries()) {
    errors.push(...named(`${field}.values[${i}]`, value, isValidLabelValue))
  }
  return errors
}
