// Node affinity, pod affinity and anti-affinity.

import { type FieldError, forbiddenField, invalid, required } from '../../../field-error.ts'
import { named } from '../../../validate/fields.ts'
import { type Json, listOf, mapOf } from '../../../validate/json.ts'
import { validateLabelName, validateLabelSelector } from '../../../validate/labels.ts'
import { isDNS1123Label, isDNS1123Subdomain, isValidLabelValue } from '../../../validate/names.ts'

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'

export function validateAffinity(affinity: Json, field: string): FieldError[] {
  if (!affinity) return []
  const errors: FieldError[] = []
  if (affinity.nodeAffinity)
    errors.push(...validateNodeAffinity(affinity.nodeAffinity, `${field}.nodeAffinity`))
  for (const name of ['podAffinity', 'podAntiAffinity']) {
    const terms = affinity[name]
    if (!terms) continue
    for (const [i, term] of listOf(terms[REQUIRED]).entries()) {
      errors.push(...validatePodTerm(term, `${field}.${name}.${REQUIRED}[${i}]`))
    }
    for (const [i, weighted] of listOf(terms[PREFERRED]).entries()) {
      const at = `${field}.${name}.${PREFERRED}[${i}]`
      errors.push(...validateWeight(weighted.weight ?? 0, at))
      errors.push(...validatePodTerm(weighted.podAffinityTerm ?? {}, `${at}.podAffinityTerm`))
    }
  }
  return errors
}

/** Also the selector of a PersistentVolume's nodeAffinity. */
export function validateNodeSelector(selector: Json, field: string): FieldError[] {
  const terms = listOf(selector.nodeSelectorTerms)
  const at = `${field}.nodeSelectorTerms`
  if (terms.length === 0) return [required(at, 'must have at least one node selector term')]
  return terms.flatMap((term, i) => validateNodeTerm(term, `${at}[${i}]`, true))
}

function validateNodeAffinity(affinity: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (affinity[REQUIRED]) errors.push(...validateNodeSelector(affinity[REQUIRED], `${field}.${REQUIRED}`))
  for (const [i, term] of listOf(affinity[PREFERRED]).entries()) {
    const at = `${field}.${PREFERRED}[${i}]`
    errors.push(...validateWeight(term.weight ?? 0, at))
    errors.push(...validateNodeTerm(term.preference ?? {}, `${at}.preference`, false))
  }
  return errors
}

/** Values of preferred terms may be anything: a single node satisfies them. */
function validateNodeTerm(term: Json, field: string, checkValues: boolean): FieldError[] {
  const errors: FieldError[] = []
  for (const [i, requirement] of listOf(term.matchExpressions).entries()) {
    errors.push(...validateNodeRequirement(requirement, `${field}.matchExpressions[${i}]`, checkValues))
  }
  for (const [i, requirement] of listOf(term.matchFields).entries()) {
    errors.push(...validateNodeField(requirement, `${field}.matchFields[${i}]`))
  }
  return errors
}

function validateNodeRequirement(requirement: Json, field: string, checkValues: boolean): FieldError[] {
  const errors: FieldError[] = []
  const values: string[] = listOf(requirement.values)
  const at = `${field}.values`
  switch (requirement.operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0)
        errors.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"))
      break
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        errors.push(forbiddenField(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
      }
      break
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) {
        errors.push(required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'"))
      }
      break
    default:
      errors.push(invalid(`${field}.operator`, requirement.operator ?? '', 'not a valid selector operator'))
  }
  errors.push(...validateLabelName(requirement.key ?? '', `${field}.key`))
  if (!checkValues) return errors
  return errors.concat(values.flatMap((value, i) => named(`${at}[${i}]`, value, isValidLabelValue)))
}

function validateNodeField(requirement: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const values: string[] = listOf(requirement.values)
  if (requirement.operator === 'In' || requirement.operator === 'NotIn') {
    if (values.length !== 1) {
      const why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
      errors.push(required(`${field}.values`, why))
    }
  } else {
    errors.push(invalid(`${field}.operator`, requirement.operator ?? '', 'not a valid selector operator'))
  }
  if (requirement.key !== 'metadata.name') {
    errors.push(invalid(`${field}.key`, requirement.key ?? '', 'not a valid field selector key'))
    return errors
  }
  return errors.concat(
    values.flatMap((value, i) => named(`${field}.values[${i}]`, value, isDNS1123Subdomain)),
  )
}

function validateWeight(weight: number, field: string): FieldError[] {
  return weight > 0 && weight <= 100 ? [] : [invalid(`${field}.weight`, weight, 'must be in the range 1-100')]
}

function validatePodTerm(term: Json, field: string): FieldError[] {
  const errors = [
    ...validateLabelSelector(term.labelSelector, `${field}.labelSelector`),
    ...validateLabelSelector(term.namespaceSelector, `${field}.namespaceSelector`),
  ]
  for (const name of listOf(term.namespaces))
    errors.push(...named(`${field}.namespace`, name, isDNS1123Label))
  errors.push(...validateLabelKeys(term, field))
  if (!term.topologyKey) errors.push(required(`${field}.topologyKey`, 'can not be empty'))
  return errors.concat(validateLabelName(term.topologyKey ?? '', `${field}.topologyKey`))
}

/** matchLabelKeys and mismatchLabelKeys: need a selector, and do not say twice what it says. */
function validateLabelKeys(term: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const match: string[] = listOf(term.matchLabelKeys)
  const mismatch: string[] = listOf(term.mismatchLabelKeys)
  for (const [name, keys] of [
    ['matchLabelKeys', match],
    ['mismatchLabelKeys', mismatch],
  ] as const) {
    if (keys.length === 0) continue
    const at = `${field}.${name}`
    if (!term.labelSelector) {
      errors.push(forbiddenField(at, 'must not be specified when labelSelector is not set'))
    } else errors.push(...keys.flatMap((key, i) => validateLabelName(key, `${at}[${i}]`)))
  }
  const seen = new Set(Object.keys(mapOf(term.labelSelector?.matchLabels)))
  for (const { key } of listOf(term.labelSelector?.matchExpressions)) {
    const i = match.lastIndexOf(key)
    if (i >= 0 && seen.has(key)) {
      errors.push(invalid(`${field}[${i}]`, key, 'exists in both matchLabelKeys and labelSelector'))
    }
    seen.add(key)
  }
  for (const [i, key] of match.entries()) {
    if (!mismatch.includes(key)) continue
    const why = 'exists in both matchLabelKeys and mismatchLabelKeys'
    errors.push(invalid(`${field}.matchLabelKeys[${i}]`, key, why))
  }
  return errors
}
