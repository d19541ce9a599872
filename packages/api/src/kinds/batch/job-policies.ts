// What a Job does when pods fail, and when it counts as succeeded.

import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../../field-error.ts'
import { named, nonnegative } from '../../validate/fields.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { isQualifiedName } from '../../validate/names.ts'
import { countIndexes, IndexesError } from './indexes.ts'

const MAX_RULES = 20
const MAX_EXIT_CODES = 255
const MAX_CONDITIONS = 20
const MAX_INDEXES_BYTES = 64 * 1024
const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const OPERATORS = ['In', 'NotIn']
const STATUSES = ['False', 'True', 'Unknown']

export function validateFailurePolicy(spec: Json, field: string): FieldError[] {
  const rules = listOf(spec.podFailurePolicy.rules)
  const errors: FieldError[] = []
  if (rules.length > MAX_RULES) errors.push(tooMany(`${field}.rules`, rules.length, MAX_RULES))
  for (const [i, rule] of rules.entries()) errors.push(...validateRule(spec, rule, `${field}.rules[${i}]`))
  return errors
}

export function validateReplacementPolicy(spec: Json, field: string): FieldError[] {
  const policy = spec.podReplacementPolicy
  if (policy === undefined || policy === null) return []
  const supported = spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed']
  return supported.includes(policy) ? [] : [notSupported(field, policy, supported)]
}

export function validateSuccessPolicy(spec: Json, field: string): FieldError[] {
  const rules = listOf(spec.successPolicy.rules)
  const errors: FieldError[] = []
  const at = `${field}.rules`
  if (rules.length === 0) {
    errors.push(required(at, 'at least one rules must be specified when the successPolicy is specified'))
  }
  if (rules.length > MAX_RULES) errors.push(tooMany(at, rules.length, MAX_RULES))
  for (const [i, rule] of rules.entries()) {
    errors.push(...validateSuccessRule(rule, spec.completions ?? 0, `${at}[${i}]`))
  }
  return errors
}

function validateRule(spec: Json, rule: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const action = `${field}.action`
  if (!rule.action) errors.push(required(action, `valid values: ${quoted(ACTIONS)}`))
  else if (rule.action === 'FailIndex') {
    if (spec.backoffLimitPerIndex === undefined || spec.backoffLimitPerIndex === null) {
      errors.push(invalid(action, rule.action, 'requires the backoffLimitPerIndex to be set'))
    }
  } else if (!ACTIONS.includes(rule.action)) errors.push(notSupported(action, rule.action, ACTIONS))
  const conditions = listOf(rule.onPodConditions)
  if (rule.onExitCodes) errors.push(...validateExitCodes(spec, rule.onExitCodes, `${field}.onExitCodes`))
  if (conditions.length > 0) errors.push(...validateConditions(conditions, `${field}.onPodConditions`))
  const both = rule.onExitCodes && conditions.length > 0
  const neither = !rule.onExitCodes && conditions.length === 0
  if (!both && !neither) return errors
  const which = both
    ? 'both OnExitCodes and OnPodConditions is not supported'
    : 'one of OnExitCodes and OnPodConditions is required'
  errors.push({ type: 'FieldValueInvalid', field, message: `Invalid value: specifying ${which}` })
  return errors
}

function validateExitCodes(spec: Json, codes: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (!codes.operator) errors.push(required(`${field}.operator`, `valid values: ${quoted(OPERATORS)}`))
  else if (!OPERATORS.includes(codes.operator)) {
    errors.push(notSupported(`${field}.operator`, codes.operator, OPERATORS))
  }
  const pod = spec.template?.spec
  const names = [...listOf(pod?.containers), ...listOf(pod?.initContainers)].map(
    (container) => container.name,
  )
  if (typeof codes.containerName === 'string' && !names.includes(codes.containerName)) {
    const why = 'must be one of the container or initContainer names in the pod template'
    errors.push(invalid(`${field}.containerName`, codes.containerName, why))
  }
  const values: number[] = listOf(codes.values)
  const at = `${field}.values`
  if (values.length === 0) errors.push(invalid(at, values, 'at least one value is required'))
  else if (values.length > MAX_EXIT_CODES) errors.push(tooMany(at, values.length, MAX_EXIT_CODES))
  const seen = new Set<number>()
  for (const [i, value] of values.entries()) {
    if (codes.operator === 'In' && value === 0) {
      errors.push(invalid(`${at}[${i}]`, value, 'must not be 0 for the In operator'))
    }
    if (seen.has(value)) errors.push(duplicate(`${at}[${i}]`, value))
    seen.add(value)
  }
  const ordered = values.every((value, i) => i === 0 || values[i - 1]! <= value)
  if (!ordered) errors.push(invalid(at, values, 'must be ordered'))
  return errors
}

function validateConditions(conditions: Json[], field: string): FieldError[] {
  const errors: FieldError[] = []
  if (conditions.length > MAX_CONDITIONS) errors.push(tooMany(field, conditions.length, MAX_CONDITIONS))
  for (const [i, { type, status }] of conditions.entries()) {
    errors.push(...named(`${field}[${i}].type`, type ?? '', isQualifiedName))
    if (!status) errors.push(required(`${field}[${i}].status`, `valid values: ${quoted(STATUSES)}`))
    else if (!STATUSES.includes(status)) errors.push(notSupported(`${field}[${i}].status`, status, STATUSES))
  }
  return errors
}

function validateSuccessRule(rule: Json, completions: number, field: string): FieldError[] {
  const errors: FieldError[] = []
  const { succeededCount: count, succeededIndexes: indexes } = rule
  const hasIndexes = typeof indexes === 'string'
  if (typeof count !== 'number' && !hasIndexes) {
    errors.push(required(field, 'at least one of succeededCount or succeededIndexes must be specified'))
  }
  let total = 0
  if (hasIndexes) {
    const at = `${field}.succeededIndexes`
    if (indexes.length > MAX_INDEXES_BYTES) errors.push(tooLong(at, MAX_INDEXES_BYTES))
    try {
      total = countIndexes(indexes, completions)
    } catch (error) {
      if (!(error instanceof IndexesError)) throw error
      errors.push(invalid(at, indexes, `error parsing succeededIndexes: ${error.message}`))
    }
  }
  if (typeof count !== 'number') return errors
  const at = `${field}.succeededCount`
  errors.push(...nonnegative(count, at))
  const atMost = (limit: number, what: string) =>
    invalid(at, count, `must be less than or equal to ${limit} (the number of ${what})`)
  if (count > completions) errors.push(atMost(completions, 'specified completions'))
  if (hasIndexes && count > total) {
    errors.push(atMost(total, 'indexes in the specified succeededIndexes field'))
  }
  return errors
}

/** Go's %q of a list. */
function quoted(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(' ')}]`
}
