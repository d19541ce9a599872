// What the rules of a Role must say.

import { type FieldError, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { invalidList } from '../../validate/go-list.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { validateLabelSelector } from '../../validate/labels.ts'

export function validateRole(object: KubeObject): FieldError[] {
  return validateRules(object, true)
}

export function validateClusterRole(object: KubeObject): FieldError[] {
  const errors = validateRules(object, false)
  if (!object['aggregationRule']) return errors
  const field = 'aggregationRule.clusterRoleSelectors'
  const selectors = listOf(object['aggregationRule'].clusterRoleSelectors)
  if (selectors.length === 0) {
    const why = 'at least one clusterRoleSelector required if aggregationRule is non-nil'
    errors.push(required(field, why))
  }
  return errors.concat(selectors.flatMap((selector, i) => validateLabelSelector(selector, `${field}[${i}]`)))
}

function validateRules(object: KubeObject, isNamespaced: boolean): FieldError[] {
  return listOf(object['rules']).flatMap((rule, i) => validateRule(rule, `rules[${i}]`, isNamespaced))
}

function validateRule(rule: Json, field: string, isNamespaced: boolean): FieldError[] {
  const has = (list: string) => listOf(rule[list]).length > 0
  const errors: FieldError[] = []
  if (!has('verbs')) errors.push(required(`${field}.verbs`, 'verbs must contain at least one value'))
  if (has('nonResourceURLs')) {
    const at = `${field}.nonResourceURLs`
    if (isNamespaced) {
      errors.push(invalidList(at, rule.nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'))
    }
    if (has('apiGroups') || has('resources') || has('resourceNames')) {
      const why = 'rules cannot apply to both regular resources and non-resource URLs'
      errors.push(invalidList(at, rule.nonResourceURLs, why))
    }
    return errors
  }
  if (!has('apiGroups')) {
    errors.push(required(`${field}.apiGroups`, 'resource rules must supply at least one api group'))
  }
  if (!has('resources')) {
    errors.push(required(`${field}.resources`, 'resource rules must supply at least one resource'))
  }
  return errors
}
