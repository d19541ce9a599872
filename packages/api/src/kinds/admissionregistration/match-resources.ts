// MatchResources of policies and their bindings.

import { duplicate, type FieldError, required } from '../../field-error.ts'
import { named, oneOf } from '../../validate/fields.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { validateLabelSelector } from '../../validate/labels.ts'
import { isPathSegmentName } from '../../validate/names.ts'
import { setRuleDefaults, validateRule } from './match-rules.ts'

export function setMatchDefaults(match: Json): void {
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
  for (const rule of [...listOf(match.resourceRules), ...listOf(match.excludeResourceRules)]) {
    setRuleDefaults(rule)
  }
}

export function validateMatchResources(match: Json, field: string): FieldError[] {
  const errors = oneOf(`${field}.matchPolicy`, match.matchPolicy, ['Equivalent', 'Exact'])
  for (const selector of ['namespaceSelector', 'objectSelector']) {
    if (!match[selector]) errors.push(required(`${field}.${selector}`))
    else errors.push(...validateLabelSelector(match[selector], `${field}.${selector}`))
  }
  for (const list of ['resourceRules', 'excludeResourceRules']) {
    for (const [i, rule] of listOf(match[list]).entries()) {
      errors.push(...validateNamedRule(rule, `${field}.${list}[${i}]`))
    }
  }
  return errors
}

function validateNamedRule(rule: Json, field: string): FieldError[] {
  const names: string[] = listOf(rule.resourceNames)
  const errors: FieldError[] = []
  for (const [i, name] of names.entries()) {
    const at = `${field}.resourceNames[${i}]`
    errors.push(...named(at, name, isPathSegmentName))
    if (names.indexOf(name) < i) errors.push(duplicate(at, name))
  }
  return [...errors, ...validateRule(rule, field)]
}
