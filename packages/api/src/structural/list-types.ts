// The promise of x-kubernetes-list-type: items of a set are unique, and so are the keys of a map's items.

import { duplicate, type FieldError, invalid } from '../field-error.ts'
import type { ListSchema, Schema } from '../schema/schema.ts'
import { canonical } from './json-value.ts'

export function validateListTypes(value: unknown, schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = []
  visit(value, schema, path, errors)
  return errors
}

function visit(value: unknown, schema: Schema, path: string, errors: FieldError[]): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    if (schema.kind !== 'list') return
    if (schema.listType === 'set') checkUnique(value, value, path, errors)
    if (schema.listType === 'map') checkKeys(value, schema, path, errors)
    for (const [i, item] of value.entries()) visit(item, schema.items, `${path}[${i}]`, errors)
    return
  }
  for (const [key, child] of Object.entries(value)) {
    if (typeof child !== 'object') continue
    if (schema.kind === 'map') visit(child, schema.values, `${path}[${key}]`, errors)
    if (schema.kind !== 'object') continue
    const field = schema.fields.get(key)
    if (field !== undefined) visit(child, field.schema, path === '' ? key : `${path}.${key}`, errors)
    else if (schema.additional !== undefined) visit(child, schema.additional, `${path}[${key}]`, errors)
  }
}

function checkKeys(list: unknown[], schema: ListSchema, path: string, errors: FieldError[]): void {
  const wrong = list.findIndex((item) => item !== null && (typeof item !== 'object' || Array.isArray(item)))
  if (wrong >= 0) {
    errors.push(invalid(`${path}[${wrong}]`, list[wrong], 'must be an object for an array of list-type map'))
    return
  }
  checkUnique(
    list,
    list.map((item) => keyOf(item as Record<string, unknown> | null, schema.listKeys ?? [])),
    path,
    errors,
  )
}

function keyOf(item: Record<string, unknown> | null, names: readonly string[]): Record<string, unknown> {
  const key: Record<string, unknown> = {}
  for (const name of names) if (item !== null && Object.hasOwn(item, name)) key[name] = item[name]
  return key
}

/** Each value that comes again is reported once, where it comes the second time. */
function checkUnique(list: unknown[], keys: unknown[], path: string, errors: FieldError[]): void {
  if (list.length < 2) return
  const seen = new Map<string, number>()
  for (const [i, key] of keys.entries()) {
    const text = canonical(key)
    const times = (seen.get(text) ?? 0) + 1
    seen.set(text, times)
    if (times === 2) errors.push(duplicate(`${path}[${i}]`, key))
  }
}
