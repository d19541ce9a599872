// Defaults and rules of a ValidatingAdmissionPolicy. Its expressions are compiled by the engine that evaluates them.

import { duplicate, type FieldError, invalid, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { optionalOneOf } from '../../validate/choices.ts'
import { named, oneOf } from '../../validate/fields.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { isDNS1035Label, isDNS1123Subdomain, isQualifiedName } from '../../validate/names.ts'
import { validateMatchConditions } from './match-conditions.ts'
import { setMatchDefaults, validateMatchResources } from './match-resources.ts'

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized']
const MAX_AUDIT_ANNOTATIONS = 20
const NO_EXPRESSION = 'expression is not specified'

export function setPolicyDefaults({ spec }: KubeObject): void {
  if (!spec) return
  spec.failurePolicy ??= 'Fail'
  if (spec.matchConstraints) setMatchDefaults(spec.matchConstraints)
}

export function validatePolicy(object: KubeObject): FieldError[] {
  const spec: Json = object.spec ?? {}
  const errors = oneOf('spec.failurePolicy', spec.failurePolicy, ['Fail', 'Ignore'])
  if (spec.paramKind) errors.push(...validateParamKind(spec.paramKind, 'spec.paramKind'))
  if (!spec.matchConstraints) errors.push(required('spec.matchConstraints'))
  else {
    errors.push(...validateMatchResources(spec.matchConstraints, 'spec.matchConstraints'))
    if (listOf(spec.matchConstraints.resourceRules).length === 0) {
      errors.push(required('spec.matchConstraints.resourceRules'))
    }
  }
  errors.push(...validateMatchConditions(listOf(spec.matchConditions), 'spec.matchConditions'))
  errors.push(...validateVariables(listOf(spec.variables)))
  const [validations, annotations] = [listOf(spec.validations), listOf(spec.auditAnnotations)]
  if (validations.length === 0 && annotations.length === 0) {
    const why = 'validations or auditAnnotations must be present'
    errors.push(required('spec.validations', why), required('spec.auditAnnotations', why))
  }
  for (const [i, validation] of validations.entries()) {
    errors.push(...validateValidation(validation, `spec.validations[${i}]`))
  }
  return [...errors, ...validateAuditAnnotations(annotations)]
}

function validateParamKind({ apiVersion = '', kind = '' }: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const parts = apiVersion.split('/')
  if (apiVersion === '') errors.push(required(`${field}.apiVersion`))
  else if (parts.length > 2) {
    const why = `unexpected GroupVersion string: ${apiVersion}`
    errors.push(invalid(`${field}.apiVersion`, apiVersion, why))
  } else {
    if (parts.length === 2) errors.push(...named(`${field}.apiVersion`, parts[0]!, isDNS1123Subdomain))
    errors.push(...named(`${field}.apiVersion`, parts.at(-1)!, isDNS1035Label))
  }
  if (kind === '') return [...errors, required(`${field}.kind`)]
  const wrong = isDNS1035Label(kind.toLowerCase())
  if (wrong.length === 0) return errors
  const why = `may have mixed case, but should otherwise match: ${wrong.join(',')}`
  return [...errors, invalid(`${field}.kind`, kind, why)]
}

function validateVariables(variables: Json[]): FieldError[] {
  const seen = new Set<string>()
  return variables.flatMap(({ name = '', expression = '' }, i) => {
    const field = `spec.variables[${i}]`
    const errors: FieldError[] = []
    if (name === '') errors.push(required(`${field}.name`, 'name is not specified'))
    else if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      errors.push(invalid(`${field}.name`, name, 'name is not a valid CEL identifier'))
    }
    if (expression.trim() === '') errors.push(required(`${field}.expression`, NO_EXPRESSION))
    if (seen.has(name)) errors.push(duplicate(`${field}.name`, name))
    seen.add(name)
    return errors
  })
}

function validateValidation(validation: Json, field: string): FieldError[] {
  const { expression = '', message = '', messageExpression = '' } = validation
  const errors: FieldError[] = []
  if (expression.trim() === '') errors.push(required(`${field}.expression`, NO_EXPRESSION))
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(invalid(`${field}.messageExpression`, messageExpression, 'must be non-empty if specified'))
  }
  if (message !== '' && message.trim() === '') {
    errors.push(invalid(`${field}.message`, message, 'message must be non-empty if specified'))
  } else if (message.trim().includes('\n')) {
    errors.push(invalid(`${field}.message`, message, 'message must not contain line breaks'))
  } else if (message === '' && expression.trim().includes('\n')) {
    const why = 'message must be specified if expression contains line breaks'
    errors.push(required(`${field}.message`, why))
  }
  return [...errors, ...optionalOneOf(`${field}.reason`, validation.reason, REASONS)]
}

function validateAuditAnnotations(annotations: Json[]): FieldError[] {
  const errors: FieldError[] = []
  if (annotations.length > MAX_AUDIT_ANNOTATIONS) {
    const why = `must not have more than ${MAX_AUDIT_ANNOTATIONS} auditAnnotations`
    errors.push(invalid('spec.auditAnnotations', annotations, why))
  }
  const keys = new Set<string>()
  for (const [i, { key = '', valueExpression = '' }] of annotations.entries()) {
    const field = `spec.auditAnnotations[${i}]`
    if (key === '') errors.push(required(`${field}.key`))
    else errors.push(...named(`${field}.key`, key, isQualifiedName))
    if (valueExpression.trim() === '') {
      errors.push(required(`${field}.valueExpression`, 'valueExpression is not specified'))
    }
    if (keys.has(key)) errors.push(duplicate(`${field}.key`, key))
    keys.add(key)
  }
  return errors
}
