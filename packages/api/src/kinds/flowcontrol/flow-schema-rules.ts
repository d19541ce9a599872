// Rules for a FlowSchema: who asks, for what, and where such requests queue.

import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalid,
  notSupported,
  required,
} from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { named, oneOf } from '../../validate/fields.ts'
import { semanticEqual } from '../../validate/immutable.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { isDNS1123Label, isDNS1123Subdomain } from '../../validate/names.ts'
import { MANDATORY_SCHEMAS } from './mandatory.ts'

const MAX_PRECEDENCE = 10000
const NAMESPACE_RULE = "each member of this list must be '*' or a DNS-1123 label; "
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch']
/** Kind of a subject -> the field that describes it. */
const SUBJECTS = { Group: 'group', ServiceAccount: 'serviceAccount', User: 'user' } as const

export function validateFlowSchema(object: KubeObject): FieldError[] {
  const spec: Json = object.spec ?? {}
  const errors = validatePrecedence(spec.matchingPrecedence ?? 0, object.metadata.name ?? '')
  if (spec.distinguisherMethod) {
    const field = 'spec.distinguisherMethod.type'
    errors.push(...oneOf(field, spec.distinguisherMethod.type, ['ByNamespace', 'ByUser']))
  }
  const level: string = spec.priorityLevelConfiguration?.name ?? ''
  const field = 'spec.priorityLevelConfiguration.name'
  if (level === '') errors.push(required(field, 'must reference a priority level'))
  else errors.push(...named(field, level, isDNS1123Subdomain))
  for (const [i, rule] of listOf(spec.rules).entries()) errors.push(...validateRule(rule, `spec.rules[${i}]`))
  const mandatory = MANDATORY_SCHEMAS[object.metadata.name ?? '']
  if (mandatory !== undefined && !semanticEqual(spec, mandatory)) {
    const why = `spec of '${object.metadata.name}' must equal the fixed value`
    errors.push(invalid('spec', spec, why))
  }
  return [...errors, ...validateStatusConditions(object)]
}

/** Also of levels. */
export function validateStatusConditions(object: KubeObject): FieldError[] {
  const types: string[] = listOf(object.status?.conditions).map(({ type }) => type ?? '')
  return types.flatMap((type, i) => {
    const field = `status.conditions[${i}].type`
    const errors: FieldError[] = []
    if (types.indexOf(type) < i) errors.push(duplicate(field, type))
    if (type === '') errors.push(required(field, 'must not be empty'))
    return errors
  })
}

function validatePrecedence(precedence: number, name: string): FieldError[] {
  const field = 'spec.matchingPrecedence'
  if (precedence <= 0) return [invalid(field, precedence, 'must be a positive value')]
  if (precedence > MAX_PRECEDENCE) {
    return [invalid(field, precedence, `must not be greater than ${MAX_PRECEDENCE}`)]
  }
  if (precedence !== 1 || name === 'exempt') return []
  return [invalid(field, precedence, "only the schema named 'exempt' may have matchingPrecedence 1")]
}

function validateRule(rule: Json, field: string): FieldError[] {
  const subjects = listOf(rule.subjects)
  const resourceRules = listOf(rule.resourceRules)
  const nonResourceRules = listOf(rule.nonResourceRules)
  const errors: FieldError[] = []
  if (subjects.length === 0) {
    errors.push(required(`${field}.subjects`, 'subjects must contain at least one value'))
  }
  for (const [i, subject] of subjects.entries()) {
    errors.push(...validateSubject(subject, `${field}.subjects[${i}]`))
  }
  if (resourceRules.length === 0 && nonResourceRules.length === 0) {
    const why = 'at least one of resourceRules and nonResourceRules has to be non-empty'
    errors.push(required(field, why))
  }
  for (const [i, resourceRule] of resourceRules.entries()) {
    errors.push(...validateResourceRule(resourceRule, `${field}.resourceRules[${i}]`))
  }
  for (const [i, { verbs, nonResourceURLs }] of nonResourceRules.entries()) {
    const at = `${field}.nonResourceRules[${i}]`
    errors.push(...validateVerbs(listOf(verbs), `${at}.verbs`))
    errors.push(...validateUrls(listOf(nonResourceURLs), `${at}.nonResourceURLs`))
  }
  return errors
}

function validateSubject(subject: Json, field: string): FieldError[] {
  const errors = oneOf(`${field}.kind`, subject.kind, Object.keys(SUBJECTS))
  if (errors.length > 0) return errors
  for (const [kind, name] of Object.entries(SUBJECTS)) {
    const at = `${field}.${name}`
    const is = subject.kind === kind
    if (is && !subject[name]) {
      errors.push(required(at, `${name} is required when subject kind is '${kind}'`))
    } else if (!is && subject[name]) {
      errors.push(forbiddenField(at, `${name} is forbidden when subject kind is not '${kind}'`))
    } else if (is) errors.push(...validateSubjectName(kind, subject[name], at))
  }
  return errors
}

function validateSubjectName(kind: string, of: Json, field: string): FieldError[] {
  const { name = '', namespace = '' } = of
  const errors: FieldError[] = []
  if (name === '') errors.push(required(`${field}.name`))
  else if (kind === 'ServiceAccount' && name !== '*') {
    errors.push(...named(`${field}.name`, name, isDNS1123Subdomain))
  }
  if (kind !== 'ServiceAccount') return errors
  if (namespace === '')
    return [...errors, required(`${field}.namespace`, 'must specify namespace for service account')]
  return [...errors, ...named(`${field}.namespace`, namespace, isDNS1123Label)]
}

function validateResourceRule(rule: Json, field: string): FieldError[] {
  const errors = validateVerbs(listOf(rule.verbs), `${field}.verbs`)
  const groups = 'resource rules must supply at least one api group'
  errors.push(...validateList(listOf(rule.apiGroups), `${field}.apiGroups`, [groups, 'api groups']))
  const resources = 'resource rules must supply at least one resource'
  errors.push(...validateList(listOf(rule.resources), `${field}.resources`, [resources, 'resources']))
  const namespaces: string[] = listOf(rule.namespaces)
  const at = `${field}.namespaces`
  if (namespaces.length === 0 && !rule.clusterScope) {
    const why = 'resource rules that are not cluster scoped must supply at least one namespace'
    return [...errors, required(at, why)]
  }
  if (namespaces.includes('*')) {
    const why = "if '*' is present, must not specify other namespaces"
    return namespaces.length > 1 ? [...errors, invalid(at, namespaces, why)] : errors
  }
  return errors.concat(
    namespaces.flatMap((name, i) =>
      isDNS1123Label(name).map((why) => invalid(`${at}[${i}]`, name, `${NAMESPACE_RULE}${why}`)),
    ),
  )
}

function validateVerbs(verbs: string[], field: string): FieldError[] {
  const errors = validateList(verbs, field, ['verbs must contain at least one value', 'verbs'])
  if (errors.length > 0 || verbs.includes('*')) return errors
  return verbs.every((verb) => VERBS.includes(verb)) ? [] : [notSupported(field, verbs, VERBS)]
}

/** Not empty, and nothing beside a `*`. */
function validateList(values: string[], field: string, [empty, what]: [string, string]): FieldError[] {
  if (values.length === 0) return [required(field, empty)]
  if (values.length === 1 || !values.includes('*')) return []
  return [invalid(field, values, `if '*' is present, must not specify other ${what}`)]
}

function validateUrls(urls: string[], field: string): FieldError[] {
  const why = 'nonResourceURLs must contain at least one value'
  const errors = validateList(urls, field, [why, 'non-resource URLs'])
  if (errors.length > 0 || urls.includes('*')) return errors
  return urls.flatMap((url, i) => {
    const at = `${field}[${i}]`
    if (url === '') return [invalid(at, url, 'must not be empty')]
    if (!url.startsWith('/')) return [invalid(at, url, 'must start with slash')]
    if (url.includes(' ')) return [invalid(at, url, 'must not contain white-space')]
    if (url.includes('//')) return [invalid(at, url, 'must not contain double slash')]
    if (url.includes('*') && (!url.endsWith('/*') || url.indexOf('*') < url.length - 1)) {
      return [invalid(at, url, 'wildcard can only do suffix matching')]
    }
    return []
  })
}
