// Conditions in CEL under which a webhook or a policy applies. The expressions are compiled by whoever evaluates them.

import { duplicate, type FieldError, required, tooMany } from '../../field-error.ts'
import { named } from '../../validate/fields.ts'
import type { Json } from '../../validate/json.ts'
import { isQualifiedName } from '../../validate/names.ts'

const MAX_CONDITIONS = 64

export function validateMatchConditions(conditions: Json[], field: string): FieldError[] {
  const errors: FieldError[] = []
  if (conditions.length > MAX_CONDITIONS) errors.push(tooMany(field, conditions.length, MAX_CONDITIONS))
  const names = new Set<string>()
  for (const [i, { name = '', expression = '' }] of conditions.entries()) {
    const at = `${field}[${i}]`
    if (expression.trim() === '') errors.push(required(`${at}.expression`))
    if (name === '') {
      errors.push(required(`${at}.name`))
      continue
    }
    errors.push(...named(`${at}.name`, name, isQualifiedName))
    if (names.has(name)) errors.push(duplicate(`${at}.name`, name))
    names.add(name)
  }
  return errors
}
