// Validates a value against a compiled schema: types, value rules and logical junctors, with the wording and the
// paths of Kubernetes' validation of custom resources.

import { stringifyJson } from '@brume/base/json'
import { deepEqual } from '@brume/base/values'
import { type FieldError, invalid, required, tooMany } from '../field-error.ts'
import type { Constraints, ListSchema, Schema } from '../schema/schema.ts'
import { declaredType, FORBIDDEN_ANY } from './build.ts'
import { knownFormat } from './formats.ts'
import { canonical, isObject, typeOf } from './json-value.ts'
import { resetPatternWork } from './pattern.ts'
import { type Place, validateFormat, validateNumber, validateString } from './validate-scalar.ts'

/** Errors, and the number of checks that were made: the alternative with the most explains a failure best. */
interface Result {
  errors: FieldError[]
  checks: number
}

/**
 * `path` is put before every field; the names in messages start below it. With `old`, the value that this one
 * replaces, what did not change is not judged again: a rule added later does not block unrelated updates.
 */
export function validateSchema(value: unknown, schema: Schema, path: string, old?: unknown): FieldError[] {
  resetPatternWork()
  return visit(value, schema, { root: path, name: '', old }).errors
}

interface At {
  root: string
  name: string
  /** The value that stood at this place before; undefined: none, or it cannot be told. */
  old?: unknown
}

function visit(value: unknown, schema: Schema, at: At): Result {
  if (at.old !== undefined && deepEqual(value, at.old)) return { errors: [], checks: 1 }
  const place: Place = { field: fieldOf(at), name: at.name }
  const constraints = schema.constraints
  const wrong = wrongType(value, schema, place)
  const result: Result = { errors: wrong === undefined ? [] : [wrong], checks: wrong === undefined ? 1 : 0 }
  if (value === null) {
    if (constraints?.enum !== undefined && wrong === undefined) checkEnum(value, constraints, place, result)
    return result
  }
  if (constraints !== undefined) {
    checkJunctors(value, constraints, at, result)
    if (typeof value === 'string') {
      add(result, validateString(value, constraints, place))
      if (schema.kind === 'any' || isText(schema)) add(result, validateFormat(value, constraints, place))
    } else if (typeof value === 'number' || typeof value === 'bigint') {
      add(result, validateNumber(value, constraints, place))
    }
  }
  if (Array.isArray(value)) visitList(value, schema, at, result)
  if (constraints?.enum !== undefined) checkEnum(value, constraints, place, result)
  if (isObject(value)) visitObject(value, schema, at, result)
  return result
}

function visitList(list: unknown[], schema: Schema, at: At, result: Result): void {
  if (schema.kind === 'list') {
    const oldItem = correlate(schema, at.old)
    for (const [i, item] of list.entries()) {
      merge(
        result,
        visit(item, schema.items, { root: at.root, name: `${at.name}[${i}]`, old: oldItem(item) }),
      )
    }
  }
  const { minItems, maxItems, uniqueItems } = schema.constraints ?? {}
  const field = fieldOf(at)
  if (minItems !== undefined && list.length < minItems) {
    add(result, [invalid(field, list.length, `${at.name} in body should have at least ${minItems} items`)])
  }
  if (maxItems !== undefined && list.length > maxItems) add(result, [tooMany(field, list.length, maxItems)])
  if (uniqueItems && new Set(list.map((item) => canonical(item))).size < list.length) {
    add(result, [invalid(field, '', `${at.name} in body shouldn't contain duplicates`)])
  }
}

/** The old item with the same keys, for lists whose items have keys. */
function correlate(schema: ListSchema, old: unknown): (item: unknown) => unknown {
  const keys = schema.listKeys
  if (keys === undefined || !Array.isArray(old)) return () => undefined
  const keyOf = (item: unknown) =>
    isObject(item) ? canonical(keys.map((key) => item[key] ?? null)) : undefined
  const byKey = new Map(old.map((item) => [keyOf(item), item]))
  return (item) => (keyOf(item) === undefined ? undefined : byKey.get(keyOf(item)))
}

function visitObject(object: Record<string, unknown>, schema: Schema, at: At, result: Result): void {
  const keys = Object.keys(object)
  const { minProperties, maxProperties } = schema.constraints ?? {}
  if (minProperties !== undefined && keys.length < minProperties) {
    const detail = `${at.name} in body should have at least ${minProperties} properties`
    add(result, [invalid(fieldOf(at), keys.length, detail)])
  }
  if (maxProperties !== undefined && keys.length > maxProperties) {
    add(result, [tooMany(fieldOf(at), keys.length, maxProperties)])
  }
  if (schema.kind !== 'object' && schema.kind !== 'map') return
  const additional = schema.kind === 'map' ? schema.values : schema.additional
  const fields = schema.kind === 'object' ? schema.fields : undefined
  for (const key of keys) {
    const name = at.name === '' ? key : `${at.name}.${key}`
    const known = fields?.get(key)?.schema ?? additional
    if (known === undefined) continue
    if (known === FORBIDDEN_ANY) {
      add(result, [invalid(fieldOf(at), key, `${name} in body is a forbidden property`)])
    } else {
      const old = isObject(at.old) && Object.hasOwn(at.old, key) ? at.old[key] : undefined
      merge(result, visit(object[key], known, { root: at.root, name, old }))
    }
  }
  if (schema.kind !== 'object') return
  for (const name of schema.required ?? []) {
    if (Object.hasOwn(object, name)) continue
    add(result, [required(fieldOf({ root: at.root, name: at.name === '' ? name : `${at.name}.${name}` }))])
  }
}

/** Alternatives judge the whole value, also what did not change. */
function checkJunctors(value: unknown, constraints: Constraints, place: At, result: Result): void {
  const at: At = { root: place.root, name: place.name }
  const { anyOf, oneOf, allOf, not } = constraints
  const quoted = JSON.stringify(at.name)
  const fail = (what: string) =>
    add(result, [invalid(at.root === '' ? '<nil>' : at.root, '', `${quoted} ${what}`)])
  if (anyOf !== undefined) {
    const results = firstValid(anyOf, value, at)
    const valid = results.find((r) => r.errors.length === 0)
    if (valid === undefined) fail('must validate at least one schema (anyOf)')
    merge(result, valid ?? bestOf(results))
  }
  if (oneOf !== undefined) {
    const results = oneOf.map((schema) => visit(value, schema, at))
    const valid = results.filter((r) => r.errors.length === 0)
    if (valid.length === 1) merge(result, valid[0]!)
    else {
      const found = valid.length === 0 ? 'Found none valid' : `Found ${valid.length} valid alternatives`
      fail(`must validate one and only one schema (oneOf). ${found}`)
      if (valid.length === 0) merge(result, bestOf(results))
    }
  }
  if (allOf !== undefined) {
    const results = allOf.map((schema) => visit(value, schema, at))
    for (const each of results) merge(result, each)
    const valid = results.filter((r) => r.errors.length === 0).length
    if (valid < results.length)
      fail(`must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`)
  }
  if (not !== undefined && visit(value, not, at).errors.length === 0)
    fail('must not validate the schema (not)')
}

/** Results of the alternatives up to the first that is valid. */
function firstValid(alternatives: readonly Schema[], value: unknown, at: At): Result[] {
  const results: Result[] = []
  for (const schema of alternatives) {
    const result = visit(value, schema, at)
    results.push(result)
    if (result.errors.length === 0) break
  }
  return results
}

function bestOf(results: Result[]): Result {
  return results.reduce((best, next) => (next.checks > best.checks ? next : best))
}

function checkEnum(value: unknown, constraints: Constraints, at: Place, result: Result): void {
  const allowed = constraints.enum!
  if (allowed.some((candidate) => deepEqual(candidate, value))) {
    result.checks++
    return
  }
  const values = allowed.map((v) => JSON.stringify(typeof v === 'string' ? v : canonical(v))).join(', ')
  const shown = stringifyJson(value)
  const message = `Unsupported value: ${shown}: supported values: ${values}`
  result.errors.push({ type: 'FieldValueNotSupported', field: at.field, message })
}

function wrongType(value: unknown, schema: Schema, at: Place): FieldError | undefined {
  const isIntOrString = schema.kind === 'scalar' && schema.scalar === 'intOrString'
  const expected = isIntOrString ? 'integer,string' : declaredType(schema)
  if (expected === undefined) return undefined
  const actual = typeOf(value)
  if (actual === 'null' && schema.nullable === true) return undefined
  if (actual === expected || (expected === 'number' && actual === 'integer')) return undefined
  if (isIntOrString && (actual === 'integer' || actual === 'string')) return undefined
  let [wanted, found] = [expected, actual]
  const format = formatOf(schema, expected)
  if (format !== undefined && !['null', 'string', 'array'].includes(actual)) {
    wanted = format
    found = actual === 'integer' ? 'int64' : actual === 'number' ? 'double' : ''
  }
  const shown = JSON.stringify(found)
  const detail = `${at.name} in body must be of type ${wanted}: ${shown}`
  return { type: 'FieldValueTypeInvalid', field: at.field, message: `Invalid value: ${shown}: ${detail}` }
}

/** The format, where it is one that Kubernetes knows for the type. */
function formatOf(schema: Schema, type: string): string | undefined {
  const format = schema.constraints?.format
  if (format === undefined) return undefined
  if (type === 'string') return knownFormat(format) === undefined ? undefined : format
  if (type === 'integer') return format === 'int32' || format === 'int64' ? format : undefined
  if (type === 'number') return format === 'float' || format === 'double' ? format : undefined
  return undefined
}

function isText(schema: Schema): boolean {
  return schema.kind === 'scalar' && schema.scalar === 'string'
}

function fieldOf({ root, name }: At): string {
  if (root === '') return name === '' ? '<nil>' : name
  return name === '' ? root : `${root}.${name}`
}

function add(result: Result, errors: FieldError[]): void {
  if (errors.length === 0) result.checks++
  else result.errors.push(...errors)
}

function merge(result: Result, other: Result): void {
  for (const error of other.errors) result.errors.push(error)
  result.checks += other.checks
}
