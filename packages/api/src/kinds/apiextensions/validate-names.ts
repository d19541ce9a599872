// The names of a custom kind, wanted (spec) or accepted (status).

import { type FieldError, invalid } from '../../field-error.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { isDNS1035Label } from '../../validate/names.ts'

/** Names that are not set are fine here. */
export function validateNames(names: Json, path: string): FieldError[] {
  const errors: FieldError[] = []
  const label = (value: string, field: string) => {
    const wrong = value === undefined || value === '' ? [] : isDNS1035Label(value)
    if (wrong.length > 0) errors.push(invalid(field, value, wrong.join(',')))
  }
  label(names.plural, `${path}.plural`)
  label(names.singular, `${path}.singular`)
  for (const field of ['kind', 'listKind']) {
    const name: string = names[field] ?? ''
    const wrong = name === '' ? [] : isDNS1035Label(name.toLowerCase())
    if (wrong.length === 0) continue
    const why = `may have mixed case, but should otherwise match: ${wrong.join(',')}`
    errors.push(invalid(`${path}.${field}`, name, why))
  }
  for (const [i, name] of listOf(names.shortNames).entries()) requiredLabel(name, `${path}.shortNames[${i}]`)
  if (names.kind && names.kind === names.listKind) {
    errors.push(invalid(`${path}.listKind`, names.listKind, 'kind and listKind may not be the same'))
  }
  for (const [i, name] of listOf(names.categories).entries()) requiredLabel(name, `${path}.categories[${i}]`)
  return errors

  function requiredLabel(value: string, field: string): void {
    const wrong = isDNS1035Label(value)
    if (wrong.length > 0) errors.push(invalid(field, value, wrong.join(',')))
  }
}
