// Structural defaults: absent fields, and nulls where null is no value, take the schema's default.

import { deepClone } from '@brume/base/values'
import type { Schema } from '../schema/schema.ts'
import { FORBIDDEN_ANY, PRUNED_ANY } from './build.ts'
import { setProperty } from './json-value.ts'

/** Sets defaults in place, parents before children, so a default is itself completed. */
export function applyDefaults(value: unknown, schema: Schema): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    if (schema.kind !== 'list') return
    for (let i = 0; i < value.length; i++) {
      if (value[i] === null && replacesNull(schema.items)) value[i] = deepClone(schema.items.default)
      applyDefaults(value[i], schema.items)
    }
    return
  }
  const object = value as Record<string, unknown>
  if (schema.kind === 'map') {
    for (const key of Object.keys(object)) defaultField(object, key, schema.values)
  } else if (schema.kind === 'object') {
    for (const [name, field] of schema.fields) defaultField(object, name, field.schema)
    if (schema.additional === undefined) return
    for (const key of Object.keys(object)) {
      if (!schema.fields.has(key)) defaultField(object, key, schema.additional)
    }
  }
}

function defaultField(object: Record<string, unknown>, name: string, schema: Schema): void {
  const present = Object.hasOwn(object, name)
  if (!present && schema.default !== undefined && schema.default !== null) {
    setProperty(object, name, deepClone(schema.default))
  } else if (present && object[name] === null && replacesNull(schema)) {
    setProperty(object, name, deepClone(schema.default))
  }
  if (Object.hasOwn(object, name)) applyDefaults(object[name], schema)
}

/** A null that the schema does not allow gives way to the default, when there is one. */
function replacesNull(schema: Schema): boolean {
  return schema.nullable !== true && schema.default !== undefined
}

/**
 * Removes fields that are null, not nullable and without a default, in place: clients written in Go send null for
 * what they mean to leave out. List items stay, and are judged by validation.
 */
export function dropForbiddenNulls(value: unknown, schema: Schema | undefined): void {
  if (typeof value !== 'object' || value === null || schema === undefined) return
  if (Array.isArray(value)) {
    if (schema.kind === 'list') for (const item of value) dropForbiddenNulls(item, schema.items)
    return
  }
  const object = value as Record<string, unknown>
  for (const key of Object.keys(object)) {
    const child = childOf(schema, key)
    if (child === undefined || child === PRUNED_ANY || child === FORBIDDEN_ANY) continue
    if (object[key] === null && child.nullable !== true && child.default === undefined) delete object[key]
    else dropForbiddenNulls(object[key], child)
  }
}

function childOf(schema: Schema, key: string): Schema | undefined {
  if (schema.kind === 'map') return schema.values
  return schema.kind === 'object' ? (schema.fields.get(key)?.schema ?? schema.additional) : undefined
}
