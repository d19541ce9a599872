// NodeSelector: terms of which one must match, each of requirements that all must.

import { type FieldError, forbiddenField, invalid, required } from '../field-error.ts'
import { named } from './fields.ts'
import { type Json, listOf } from './json.ts'
import { isDNS1123Subdomain, isQualifiedName, isValidLabelValue } from './names.ts'

export function isEmptyNodeSelector(selector: Json): boolean {
  return listOf(selector?.nodeSelectorTerms).length === 0
}

export function validateNodeSelector(selector: Json, field: string): FieldError[] {
  const terms: Json[] = listOf(selector.nodeSelectorTerms)
  const at = `${field}.nodeSelectorTerms`
  if (terms.length === 0) return [required(at, 'must have at least one node selector term')]
  return terms.flatMap((term, i) => validateNodeSelectorTerm(term, `${at}[${i}]`))
}

export function validateNodeSelectorTerm(term: Json, field: string): FieldError[] {
  return [
    ...listOf(term.matchExpressions).flatMap((requirement, i) =>
      validateRequirement(requirement, `${field}.matchExpressions[${i}]`),
    ),
    ...listOf(term.matchFields).flatMap((requirement, i) =>
      validateFieldRequirement(requirement, `${field}.matchFields[${i}]`),
    ),
  ]
}

function validateRequirement(requirement: Json, field: string): FieldError[] {
  const values: string[] = listOf(requirement.values)
  const errors: FieldError[] = []
  switch (requirement.operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) {
        errors.push(required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
      }
      break
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        const why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        errors.push(forbiddenField(`${field}.values`, why))
      }
      break
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) {
        const why = "must be specified single value when `operator` is 'Lt' or 'Gt'"
        errors.push(required(`${field}.values`, why))
      }
      break
    default:
      errors.push(invalid(`${field}.operator`, requirement.operator ?? '', 'not a valid selector operator'))
  }
  errors.push(...named(`${field}.key`, requirement.key ?? '', isQualifiedName))
  for (const [i, value] of values.entries()) {
    errors.push(...named(`${field}.values[${i}]`, value, isValidLabelValue))
  }
  return errors
}

/** Fields of a node: its name alone. */
function validateFieldRequirement(requirement: Json, field: string): FieldError[] {
  const values: string[] = listOf(requirement.values)
  const errors: FieldError[] = []
  if (requirement.operator !== 'In' && requirement.operator !== 'NotIn') {
    errors.push(invalid(`${field}.operator`, requirement.operator ?? '', 'not a valid selector operator'))
  } else if (values.length !== 1) {
    const why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
    errors.push(required(`${field}.values`, why))
  }
  if (requirement.key !== 'metadata.name') {
    const why = 'not a valid field selector key'
    return [...errors, invalid(`${field}.key`, requirement.key ?? '', why)]
  }
  return errors.concat(
    values.flatMap((value, i) => named(`${field}.values[${i}]`, value, isDNS1123Subdomain)),
  )
}
