// Tolerations, topology spread, scheduling gates.

import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalid,
  notSupported,
  required,
} from '../../../field-error.ts'
import { named, unsupported } from '../../../validate/fields.ts'
import { type Json, listOf, mapOf } from '../../../validate/json.ts'
import { validateLabelName, validateLabelSelector } from '../../../validate/labels.ts'
import { isQualifiedName, isValidLabelValue } from '../../../validate/names.ts'

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']
const ACTIONS = ['DoNotSchedule', 'ScheduleAnyway']
const NODE_POLICIES = ['Honor', 'Ignore']
const NOT_POSITIVE = 'must be greater than zero'

export function validateTolerations(tolerations: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [i, toleration] of listOf(tolerations).entries()) {
    const at = `${field}[${i}]`
    const { key = '', operator = '', value = '', effect = '' } = toleration
    if (key !== '') errors.push(...validateLabelName(key, `${at}.key`))
    else if (operator !== 'Exists') {
      const why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
      errors.push(invalid(`${at}.operator`, operator, why))
    }
    const seconds = toleration.tolerationSeconds
    if (seconds !== undefined && seconds !== null && effect !== 'NoExecute') {
      const why = "effect must be 'NoExecute' when `tolerationSeconds` is set"
      errors.push(invalid(`${at}.effect`, effect, why))
    }
    if (operator === 'Equal' || operator === '') {
      const wrong = isValidLabelValue(value)
      if (wrong.length > 0) errors.push(invalid(`${at}.operator`, value, wrong.join(';')))
    } else if (operator === 'Exists') {
      const why = "value must be empty when `operator` is 'Exists'"
      if (value !== '') errors.push(invalid(`${at}.operator`, value, why))
    } else errors.push(unsupported(`${at}.operator`, operator, ['Equal', 'Exists']))
    if (effect !== '' && !EFFECTS.includes(effect)) errors.push(unsupported(`${at}.effect`, effect, EFFECTS))
  }
  return errors
}

export function validateTopologySpread(constraints: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const list = listOf(constraints)
  for (const [i, constraint] of list.entries()) {
    const at = `${field}[${i}]`
    const action = constraint.whenUnsatisfiable ?? ''
    const skew = constraint.maxSkew ?? 0
    if (skew <= 0) errors.push(invalid(`${at}.maxSkew`, skew, NOT_POSITIVE))
    if (!constraint.topologyKey) errors.push(required(`${at}.topologyKey`, 'can not be empty'))
    if (!ACTIONS.includes(action)) errors.push(notSupported(`${at}.whenUnsatisfiable`, action, ACTIONS))
    const same = (other: Json) =>
      other.topologyKey === constraint.topologyKey && other.whenUnsatisfiable === constraint.whenUnsatisfiable
    if (list.slice(i + 1).some(same)) {
      const pair = `{${constraint.topologyKey}, ${action}}`
      errors.push(duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, pair))
    }
    errors.push(...validateMinDomains(constraint.minDomains, action, `${at}.minDomains`))
    for (const name of ['nodeAffinityPolicy', 'nodeTaintsPolicy']) {
      const policy = constraint[name]
      if (policy === undefined || policy === null || NODE_POLICIES.includes(policy)) continue
      errors.push(notSupported(`${at}.${name}`, policy, NODE_POLICIES))
    }
    errors.push(...validateMatchLabelKeys(constraint, `${at}.matchLabelKeys`))
    errors.push(...validateLabelSelector(constraint.labelSelector, `${at}.labelSelector`))
  }
  return errors
}

export function validateSchedulingGates(gates: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [i, gate] of listOf(gates).entries()) {
    errors.push(...named(`${field}[${i}]`, gate.name ?? '', isQualifiedName))
    if (seen.has(gate.name)) errors.push(duplicate(`${field}[${i}]`, gate.name))
    seen.add(gate.name)
  }
  return errors
}

function validateMinDomains(domains: number | undefined | null, action: string, field: string): FieldError[] {
  if (domains === undefined || domains === null) return []
  const errors: FieldError[] = []
  if (domains <= 0) errors.push(invalid(field, domains, NOT_POSITIVE))
  if (action !== 'DoNotSchedule') {
    const why = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`
    errors.push(invalid(field, domains, why))
  }
  return errors
}

function validateMatchLabelKeys(constraint: Json, field: string): FieldError[] {
  const keys: string[] = listOf(constraint.matchLabelKeys)
  if (keys.length === 0) return []
  const errors: FieldError[] = []
  const selector = constraint.labelSelector
  if (!selector) errors.push(forbiddenField(field, 'must not be specified when labelSelector is not set'))
  const selected = new Set(Object.keys(mapOf(selector?.matchLabels)))
  for (const { key } of listOf(selector?.matchExpressions)) selected.add(key)
  for (const [i, key] of keys.entries()) {
    errors.push(...validateLabelName(key, `${field}[${i}]`))
    if (selected.has(key)) {
      errors.push(invalid(`${field}[${i}]`, key, 'exists in both matchLabelKeys and labelSelector'))
    }
  }
  return errors
}
