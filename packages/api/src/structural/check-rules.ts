// The outside of x-kubernetes-validations: what can be told of a rule without compiling it.

import { type FieldError, invalid, notSupported, required } from '../field-error.ts'
import type { JsonSchema, ValidationRule } from './json-schema.ts'

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']
const hasNewlines = (text: string) => /[\n\r]/.test(text)

export function ruleErrors(schema: JsonSchema, path: string): FieldError[] {
  const rules = schema['x-kubernetes-validations'] ?? []
  return rules.flatMap((rule, i) => errorsOf(rule, `${path}.x-kubernetes-validations[${i}]`))
}

function errorsOf(rule: ValidationRule, path: string): FieldError[] {
  const errors: FieldError[] = []
  const source = text(rule.rule).trim()
  const message = text(rule.message)
  if (source === '') errors.push(required(`${path}.rule`, 'rule is not specified'))
  else if (message !== '' && message.trim() === '') {
    errors.push(invalid(`${path}.message`, message, 'must be non-empty if specified'))
  } else if (hasNewlines(message.trim())) {
    errors.push(invalid(`${path}.message`, message, 'must not contain line breaks'))
  } else if (hasNewlines(source) && message.trim() === '') {
    errors.push(required(`${path}.message`, 'message must be specified if rule contains line breaks'))
  }
  const expression = text(rule.messageExpression)
  if (expression !== '' && expression.trim() === '') {
    errors.push(required(`${path}.messageExpression`, 'messageExpression must be non-empty if specified'))
  }
  if (rule.reason !== undefined && !REASONS.includes(rule.reason)) {
    errors.push(notSupported(`${path}.reason`, rule.reason, REASONS))
  }
  const fieldPath = text(rule.fieldPath)
  if (fieldPath !== '' && fieldPath.trim() === '') {
    errors.push(invalid(`${path}.fieldPath`, fieldPath, 'must be non-empty if specified'))
  }
  if (hasNewlines(fieldPath))
    errors.push(invalid(`${path}.fieldPath`, fieldPath, 'must not contain line breaks'))
  return errors
}

const text = (value: unknown) => (typeof value === 'string' ? value : '')
