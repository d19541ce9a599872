// A policy file (YAML or JSON, audit.k8s.io/v1 Policy) with Kubernetes' rules for it. What is wrong is told with its field;
// a field that nobody knows is wrong too, as a rule with a misspelt one would record something else than it says.

import { parseYamlBody } from '@brume/api/codec/yaml'
import { type FieldError, invalid, notSupported, required, typeInvalid } from '@brume/api/field-error'
import { DecodeError } from '@brume/api/schema/decode'
import { type AuditPolicy, LEVELS, STAGES } from './types.ts'

const API_VERSION = 'audit.k8s.io/v1'
const MAX_ERRORS = 10

const POLICY_FIELDS = ['apiVersion', 'kind', 'metadata', 'rules', 'omitStages', 'omitManagedFields']
const RULE_LISTS = ['users', 'userGroups', 'verbs', 'namespaces', 'nonResourceURLs', 'omitStages']
const RULE_FIELDS = [...RULE_LISTS, 'level', 'resources', 'omitManagedFields']
const RESOURCES_FIELDS = ['group', 'resources', 'resourceNames']

/** What is wrong with a policy file, one sentence. */
export class PolicyError extends Error {
  override name = 'PolicyError'
}

type Fields = Record<string, unknown>

/** Throws PolicyError. */
export function readPolicy(text: string): AuditPolicy {
  let value: unknown
  let strictErrors: string[]
  try {
    ;({ value, strictErrors } = parseYamlBody(text))
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw new PolicyError(error.message, { cause: error })
  }
  if (!isFields(value)) throw new PolicyError(`it is no object of kind Policy (${API_VERSION})`)
  const errors = policyErrors(value)
  const said = [...strictErrors, ...errors.map(({ field, message }) => `${field}: ${message}`)]
  if (said.length > 0) throw new PolicyError(said.slice(0, MAX_ERRORS).join('; '))
  return value as unknown as AuditPolicy
}

function policyErrors(policy: Fields): FieldError[] {
  const { apiVersion, kind, rules, omitStages, omitManagedFields } = policy
  const errors = unknownFields(policy, POLICY_FIELDS, '')
  if (apiVersion !== API_VERSION) errors.push(notSupported('apiVersion', apiVersion, [API_VERSION]))
  if (kind !== 'Policy') errors.push(notSupported('kind', kind, ['Policy']))
  errors.push(
    ...stageErrors(omitStages, 'omitStages'),
    ...booleanErrors(omitManagedFields, 'omitManagedFields'),
  )
  if (!Array.isArray(rules) || rules.length === 0) {
    errors.push(required('rules', 'without a rule nothing would be recorded'))
    return errors
  }
  for (const [i, rule] of rules.entries()) errors.push(...ruleErrors(rule, `rules[${i}]`))
  return errors
}

function ruleErrors(rule: unknown, field: string): FieldError[] {
  if (!isFields(rule)) return [typeInvalid(field, rule, 'must be an object')]
  const errors = unknownFields(rule, RULE_FIELDS, `${field}.`)
  const { level, resources, namespaces, nonResourceURLs, omitStages, omitManagedFields } = rule
  if (level === undefined || level === '') errors.push(required(`${field}.level`))
  else if (!(LEVELS as readonly unknown[]).includes(level))
    errors.push(notSupported(`${field}.level`, level, LEVELS))
  for (const name of RULE_LISTS) errors.push(...textsErrors(rule[name], `${field}.${name}`))
  errors.push(
    ...stageErrors(omitStages, `${field}.omitStages`),
    ...booleanErrors(omitManagedFields, `${field}.omitManagedFields`),
    ...pathErrors(nonResourceURLs, `${field}.nonResourceURLs`),
    ...resourcesErrors(resources, `${field}.resources`),
  )
  if (countOf(nonResourceURLs) > 0 && countOf(resources) + countOf(namespaces) > 0) {
    const why = 'rules cannot apply to both regular resources and non-resource URLs'
    errors.push(invalid(`${field}.nonResourceURLs`, nonResourceURLs, why))
  }
  return errors
}

function resourcesErrors(value: unknown, field: string): FieldError[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) return [typeInvalid(field, value, 'must be a list')]
  return value.flatMap((each, i) => groupErrors(each, `${field}[${i}]`))
}

function groupErrors(value: unknown, field: string): FieldError[] {
  if (!isFields(value)) return [typeInvalid(field, value, 'must be an object with group and resources')]
  const { group, resources, resourceNames } = value
  const errors = [
    ...unknownFields(value, RESOURCES_FIELDS, `${field}.`),
    ...textsErrors(resources, `${field}.resources`),
    ...textsErrors(resourceNames, `${field}.resourceNames`),
  ]
  if (group !== undefined && typeof group !== 'string')
    errors.push(typeInvalid(`${field}.group`, group, 'must be a string'))
  else if (group?.includes('/')) {
    const why = 'must be the name of a group alone, without a version'
    errors.push(invalid(`${field}.group`, group, why))
  }
  if (countOf(resourceNames) > 0 && countOf(resources) === 0) {
    const why = 'using resourceNames requires at least one resource'
    errors.push(invalid(`${field}.resourceNames`, resourceNames, why))
  }
  return errors
}

function pathErrors(value: unknown, field: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [i, path] of textsOf(value).entries()) {
    if (path === '*') continue
    const at = `${field}[${i}]`
    if (!path.startsWith('/'))
      errors.push(invalid(at, path, "non-resource URL rules must begin with a '/' character"))
    if (path.slice(0, -1).includes('*'))
      errors.push(invalid(at, path, "non-resource URL wildcards '*' must be the final character of the rule"))
  }
  return errors
}

function stageErrors(value: unknown, field: string): FieldError[] {
  return textsOf(value).flatMap((stage, i) =>
    (STAGES as readonly string[]).includes(stage) ? [] : [notSupported(`${field}[${i}]`, stage, STAGES)],
  )
}

function textsErrors(value: unknown, field: string): FieldError[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) return [typeInvalid(field, value, 'must be a list of strings')]
  return value.flatMap((each, i) =>
    typeof each === 'string' ? [] : [typeInvalid(`${field}[${i}]`, each, 'must be a string')],
  )
}

function booleanErrors(value: unknown, field: string): FieldError[] {
  const isFine = value === undefined || value === null || typeof value === 'boolean'
  return isFine ? [] : [typeInvalid(field, value, 'must be true or false')]
}

function unknownFields(value: Fields, known: readonly string[], prefix: string): FieldError[] {
  return Object.keys(value)
    .filter((name) => !known.includes(name))
    .map((name) => ({ type: 'FieldValueInvalid', field: `${prefix}${name}`, message: 'unknown field' }))
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const countOf = (value: unknown) => (Array.isArray(value) ? value.length : 0)
const textsOf = (value: unknown) =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
