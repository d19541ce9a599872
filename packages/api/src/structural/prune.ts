// Removes what a structural schema does not know. Objects keep apiVersion, kind and metadata where they are
// embedded resources; what is below x-kubernetes-preserve-unknown-fields stays.

import type { Schema } from '../schema/schema.ts'
import { FORBIDDEN_ANY, PRUNED_ANY } from './build.ts'
import type { JsonSchema } from './json-schema.ts'

export const META_FIELDS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata'])

/** Removes unknown fields in place and returns their paths, sorted. `schema` undefined: nothing is known. */
export function prune(value: unknown, schema: Schema | undefined): string[] {
  const removed: string[] = []
  pruneAt(value, schema, '', removed)
  return removed.sort()
}

function pruneAt(value: unknown, schema: Schema | undefined, path: string, removed: string[]): void {
  if (typeof value !== 'object' || value === null) return
  if (schema === undefined || schema === PRUNED_ANY || schema === FORBIDDEN_ANY) {
    pruneAll(value, path, removed)
    return
  }
  if (schema.kind === 'any') return
  if (Array.isArray(value)) {
    const items = schema.kind === 'list' ? schema.items : undefined
    if (items === undefined && preserves(schema)) return
    for (const [i, item] of value.entries()) pruneAt(item, items, `${path}[${i}]`, removed)
    return
  }
  pruneObject(value as Record<string, unknown>, schema, path, removed)
}

function pruneObject(value: Record<string, unknown>, schema: Schema, path: string, removed: string[]): void {
  const fields = schema.kind === 'object' ? schema.fields : undefined
  const additional =
    schema.kind === 'object' ? schema.additional : schema.kind === 'map' ? schema.values : undefined
  const embedded = schema.kind === 'object' && schema.embedded === true
  for (const key of Object.keys(value)) {
    if (embedded && META_FIELDS.has(key)) continue
    const known = fields?.get(key)?.schema ?? additional
    const at = path === '' ? key : `${path}.${key}`
    if (known !== undefined) pruneAt(value[key], known, at, removed)
    else if (!preserves(schema)) {
      delete value[key]
      removed.push(at)
    }
  }
}

/** Below no schema: every field of every object goes; lists and scalars stay. */
function pruneAll(value: object, path: string, removed: string[]): void {
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      if (typeof item === 'object' && item !== null) pruneAll(item, `${path}[${i}]`, removed)
    }
    return
  }
  for (const key of Object.keys(value)) {
    delete (value as Record<string, unknown>)[key]
    removed.push(path === '' ? key : `${path}.${key}`)
  }
}

function preserves(schema: Schema): boolean {
  if (schema.kind === 'object') return schema.preserveUnknown === true
  return (schema.source as JsonSchema | undefined)?.['x-kubernetes-preserve-unknown-fields'] === true
}
