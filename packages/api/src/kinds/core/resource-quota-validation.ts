// What a ResourceQuota may limit, and in which scopes.

import { type FieldError, invalid, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { invalidAs } from '../../validate/fields.ts'
import { goList, invalidList } from '../../validate/go-list.ts'
import { IMMUTABLE_MESSAGE } from '../../validate/immutable.ts'
import { type Json, listOf, mapOf } from '../../validate/json.ts'
import { validateResourceAmount } from '../../validate/quantities.ts'
import { isQuotaResource, validateQuotaResourceName } from '../../validate/resource-names.ts'

const SCOPES = [
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'PriorityClass',
  'CrossNamespacePodAffinity',
]
const POD_RESOURCES = [
  'pods',
  'cpu',
  'memory',
  'limits.cpu',
  'limits.memory',
  'requests.cpu',
  'requests.memory',
]
const EXISTS_ONLY =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"

export function validateResourceQuota(object: KubeObject): FieldError[] {
  const spec: Json = object.spec ?? {}
  return [...validateAmounts(spec.hard, 'spec.hard'), ...validateScopes(spec), ...validateScopeSelector(spec)]
}

export function validateQuotaStatus(object: KubeObject): FieldError[] {
  return [
    ...validateAmounts(object.status?.hard, 'status.hard'),
    ...validateAmounts(object.status?.used, 'status.used'),
  ]
}

export function validateScopesStay(object: KubeObject, old: KubeObject): FieldError[] {
  const scopes = new Set(listOf(object.spec?.scopes))
  const before = new Set(listOf(old.spec?.scopes))
  if (scopes.size === before.size && scopes.isSubsetOf(before)) return []
  return [invalidScopes('spec.scopes', object.spec?.scopes, IMMUTABLE_MESSAGE)]
}

function validateAmounts(amounts: Json, field: string): FieldError[] {
  return Object.entries(mapOf(amounts)).flatMap(([name, amount]) => {
    const at = `${field}[${name}]`
    return [...validateQuotaResourceName(name, at), ...validateResourceAmount(name, amount, at)]
  })
}

function validateScopes(spec: Json): FieldError[] {
  const scopes: string[] = listOf(spec.scopes)
  const field = 'spec.scopes'
  const errors: FieldError[] = []
  for (const scope of scopes) {
    if (!SCOPES.includes(scope)) errors.push(invalidScopes(field, scopes, 'unsupported scope'))
    errors.push(...unfitResources(spec, scope).map((why) => invalidScopes(field, scopes, why)))
  }
  return [...errors, ...conflicts(scopes).map((why) => invalidScopes(field, scopes, why))]
}

function validateScopeSelector(spec: Json): FieldError[] {
  if (!spec.scopeSelector) return []
  const field = 'spec.scopeSelector.matchExpressions'
  const expressions: Json[] = listOf(spec.scopeSelector.matchExpressions)
  const errors = expressions.flatMap((expression) => validateExpression(spec, expression, field))
  const scopes = expressions.map(({ scopeName }) => scopeName)
  return [...errors, ...conflicts(scopes).map((why) => invalidScopes(field, spec.scopes, why))]
}

function validateExpression(spec: Json, expression: Json, field: string): FieldError[] {
  const { scopeName = '', operator = '' } = expression
  const values: string[] = listOf(expression.values)
  const errors: FieldError[] = []
  if (!SCOPES.includes(scopeName)) errors.push(invalid(`${field}.scopeName`, scopeName, 'unsupported scope'))
  errors.push(...unfitResources(spec, scopeName).map((why) => invalid(field, spec.scopeSelector, why)))
  const takesValues = scopeName === 'PriorityClass' || !SCOPES.includes(scopeName)
  if (!takesValues && operator !== 'Exists') errors.push(invalid(`${field}.operator`, operator, EXISTS_ONLY))
  if (operator === 'In' || operator === 'NotIn') {
    const why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
    if (values.length === 0) errors.push(required(`${field}.values`, why))
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    const why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
    if (values.length > 0) errors.push(invalidList(`${field}.values`, values, why))
  } else errors.push(invalid(`${field}.operator`, operator, 'not a valid selector operator'))
  return errors
}

function invalidScopes(field: string, scopes: Json, why: string): FieldError {
  return invalidAs(field, goList('core.ResourceQuotaScope', scopes), why)
}

/** One message for each limited resource that means nothing in the scope. */
function unfitResources(spec: Json, scope: string): string[] {
  if (!SCOPES.includes(scope)) return []
  const fitting = scope === 'BestEffort' ? ['pods'] : POD_RESOURCES
  return Object.keys(mapOf(spec.hard))
    .filter((name) => isQuotaResource(name) && !fitting.includes(name))
    .map(() => 'unsupported scope applied to resource')
}

function conflicts(scopes: string[]): string[] {
  return [
    ['BestEffort', 'NotBestEffort'],
    ['NotTerminating', 'Terminating'],
  ]
    .filter((pair) => pair.every((scope) => scopes.includes(scope)))
    .map(() => 'conflicting scopes')
}
