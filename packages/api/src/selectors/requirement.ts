// One requirement of a label selector: a key, an operator, and values.

import { type FieldError, invalid } from '../field-error.ts'
import { isQualifiedName, isValidLabelValue } from '../validate/names.ts'

export type Operator = 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!' | 'gt' | 'lt'

export type Labels = Readonly<Record<string, string>> | null | undefined

export interface Requirement {
  readonly key: string
  readonly operator: Operator
  /** Sorted, without duplicates. */
  readonly values: readonly string[]
}

/** What makes a selector text wrong. The server answers with 400 BadRequest. */
export class SelectorError extends Error {
  override name = 'SelectorError'
}

/** Throws SelectorError with the field errors of the key and the values. */
export function newRequirement(key: string, operator: Operator, values: readonly string[]): Requirement {
  const errors: FieldError[] = []
  const wrongKey = isQualifiedName(key)
  if (wrongKey.length > 0) errors.push(invalid('key', key, wrongKey.join('; ')))
  errors.push(...wrongCount(operator, values))
  for (const [i, value] of values.entries()) {
    const wrong = isValidLabelValue(value)
    if (wrong.length > 0) errors.push(invalid(`values[${i}][${key}]`, value, wrong.join('; ')))
  }
  if (errors.length > 0) {
    const texts = [...new Set(errors.map((e) => `${e.field}: ${e.message}`))]
    throw new SelectorError(texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`)
  }
  return { key, operator, values }
}

export function matchesRequirement(requirement: Requirement, labels: Labels): boolean {
  const { key, operator, values } = requirement
  const has = labels !== null && labels !== undefined && Object.hasOwn(labels, key)
  const value = has ? labels[key]! : ''
  switch (operator) {
    case 'exists':
      return has
    case '!':
      return !has
    case 'in':
    case '=':
    case '==':
      return has && values.includes(value)
    case 'notin':
    case '!=':
      return !has || !values.includes(value)
    case 'gt':
    case 'lt':
      return has && compares(value, operator, values[0]!)
  }
}

export function requirementText({ key, operator, values }: Requirement): string {
  switch (operator) {
    case 'exists':
      return key
    case '!':
      return `!${key}`
    case 'in':
    case 'notin':
      return `${key} ${operator} (${[...values].sort().join(',')})`
    case 'gt':
      return `${key}>${values[0]}`
    case 'lt':
      return `${key}<${values[0]}`
    default:
      return `${key}${operator}${values[0]}`
  }
}

function wrongCount(operator: Operator, values: readonly string[]): FieldError[] {
  const wrong = (why: string) => [invalid('values', values, why)]
  if (operator === 'in' || operator === 'notin') {
    return values.length > 0 ? [] : wrong("for 'in', 'notin' operators, values set can't be empty")
  }
  if (operator === 'exists' || operator === '!') {
    return values.length === 0 ? [] : wrong('values set must be empty for exists and does not exist')
  }
  if (operator === 'gt' || operator === 'lt') {
    if (values.length !== 1) return wrong("for 'Gt', 'Lt' operators, exactly one value is required")
    if (parseInt64(values[0]!) !== undefined) return []
    return [invalid('values[0]', values[0], "for 'Gt', 'Lt' operators, the value must be an integer")]
  }
  return values.length === 1 ? [] : wrong('exact-match compatibility requires one single value')
}

function compares(value: string, operator: 'gt' | 'lt', bound: string): boolean {
  const left = parseInt64(value)
  const right = parseInt64(bound)
  if (left === undefined || right === undefined) return false
  return operator === 'gt' ? left > right : left < right
}

/** Go's strconv.ParseInt(text, 10, 64). */
function parseInt64(text: string): bigint | undefined {
  if (!/^[-+]?[0-9]{1,40}$/.test(text)) return undefined
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text)
  return BigInt.asIntN(64, value) === value ? value : undefined
}
