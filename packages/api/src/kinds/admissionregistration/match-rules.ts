// Rules that say which requests a webhook or a policy is about: operations, groups, versions, resources, scope.

import { type FieldError, invalid, required } from '../../field-error.ts'
import { optionalOneOf } from '../../validate/choices.ts'
import { invalidAs, oneOf } from '../../validate/fields.ts'
import { goList, invalidList } from '../../validate/go-list.ts'
import { type Json, listOf } from '../../validate/json.ts'

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
const SCOPES = ['*', 'Cluster', 'Namespaced']

export function setRuleDefaults(rule: Json): void {
  rule.scope ??= '*'
}

export function validateRule(rule: Json, field: string): FieldError[] {
  const operations: string[] = listOf(rule.operations)
  return [
    ...validateList(operations, `${field}.operations`, 'operations'),
    ...operations.flatMap((operation, i) => oneOf(`${field}.operations[${i}]`, operation, OPERATIONS)),
    ...validateList(listOf(rule.apiGroups), `${field}.apiGroups`, 'API groups'),
    ...validateList(listOf(rule.apiVersions), `${field}.apiVersions`, 'API versions'),
    ...listOf(rule.apiVersions).flatMap((version: string, i) =>
      version === '' ? [required(`${field}.apiVersions[${i}]`)] : [],
    ),
    ...validateResources(listOf(rule.resources), `${field}.resources`),
    ...optionalOneOf(`${field}.scope`, rule.scope, SCOPES),
  ]
}

/** Not empty, and nothing beside a `*`. */
function validateList(values: string[], field: string, what: string): FieldError[] {
  if (values.length === 0) return [required(field)]
  if (values.length === 1 || !values.includes('*')) return []
  const type = what === 'operations' ? 'admissionregistration.OperationType' : 'string'
  return [invalidAs(field, goList(type, values), `if '*' is present, must not specify other ${what}`)]
}

/** `pods`, `pods/log`, `pods/*`, `*`/scale: a wildcard and what it covers already are not said twice. */
function validateResources(resources: string[], field: string): FieldError[] {
  if (resources.length === 0) return [required(field)]
  const errors: FieldError[] = []
  const allSubresourcesOf = new Set<string>()
  const onAllResources = new Set<string>()
  for (const [i, text] of resources.entries()) {
    if (text === '') errors.push(required(`${field}[${i}]`))
    if (text === '' || text === '*/*' || !text.includes('/')) continue
    const { resource, subresource } = split(text)
    if (resource === '*') onAllResources.add(subresource)
    if (subresource === '*') allSubresourcesOf.add(resource)
    const covered = `must not specify ${text}`
    if (allSubresourcesOf.has(resource) && subresource !== '*') {
      errors.push(invalid(`${field}[${i}]`, text, `if '${resource}/*' is present, ${covered}`))
    }
    if (onAllResources.has(subresource) && resource !== '*') {
      errors.push(invalid(`${field}[${i}]`, text, `if '*/${subresource}' is present, ${covered}`))
    }
  }
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.push(invalidList(field, resources, "if '*/*' is present, must not specify other resources"))
  }
  if (resources.includes('*') && resources.some((text) => text !== '*' && !text.includes('/'))) {
    const why = "if '*' is present, must not specify other resources without subresources"
    errors.push(invalidList(field, resources, why))
  }
  return errors
}

function split(text: string): { resource: string; subresource: string } {
  const slash = text.indexOf('/')
  return { resource: text.slice(0, slash), subresource: text.slice(slash + 1) }
}
