// What makes a configuration impossible to apply: undeclared fields, values of the wrong type, repeated list items.

import { isObject, type JsonObject } from '../patch/json-object.ts'
import { listElement } from './list-element.ts'
import { type MergeType, mergeTypeOf } from './merge-type.ts'
import { describeElement } from './path-element.ts'

/** Sentences with their paths, as Kubernetes words them: `.spec.ports: duplicate entries for key [...]`. */
export function typedErrors(value: unknown, type: MergeType): string[] {
  const errors: string[] = []
  check(value, type, '', errors)
  return errors
}

function check(value: unknown, type: MergeType, path: string, errors: string[]): void {
  if (value === null || value === undefined) return
  switch (type.kind) {
    case 'deduced':
      return
    case 'leaf':
      checkLeaf(value, type, path, errors)
      return
    case 'set':
    case 'listMap':
      if (Array.isArray(value)) checkList(value, type, path, errors)
      else report(errors, path, `expected list, got ${show(value)}`)
      return
    default:
      if (isObject(value)) checkObject(value, type, path, errors)
      else report(errors, path, `expected map, got ${show(value)}`)
  }
}

function checkObject(object: JsonObject, type: MergeType, path: string, errors: string[]): void {
  for (const name of Object.keys(object)) {
    const memberType = type.byName.get(name)?.type ?? type.rest
    if (memberType === undefined) report(errors, `${path}.${name}`, 'field not declared in schema')
    else check(object[name], memberType, `${path}.${name}`, errors)
  }
}

function checkList(list: unknown[], type: MergeType, path: string, errors: string[]): void {
  const seen = new Set<string>()
  for (const [i, item] of list.entries()) {
    const element = listElement(type, item)
    if (element === undefined) {
      report(errors, path, `element ${i}: ${whyNoElement(item, type)}`)
      return
    }
    const described = describeElement(element)
    if (seen.has(element)) report(errors, path, `duplicate entries for key ${described}`)
    seen.add(element)
    check(item, type.rest!, path + described, errors)
  }
}

function whyNoElement(item: unknown, type: MergeType): string {
  if (type.kind === 'set') {
    if (item === null) return "associative list without keys has an element that's an explicit null"
    if (Array.isArray(item)) return 'not supported: associative list with lists as elements'
    return "associative list without keys has an element that's a map type"
  }
  if (item === null) return 'associative list with keys may not have a null element'
  if (!isObject(item)) return 'associative list with keys may not have non-map elements'
  const keys = `[${type.keys.map(({ name }) => JSON.stringify(name)).join(' ')}]`
  return `associative list with keys has an element that omits all key fields ${keys} (and doesn't have default values for any key fields)`
}

/** Scalars, and the insides of atomic values. */
function checkLeaf(value: unknown, { schema }: MergeType, path: string, errors: string[]): void {
  if (schema === undefined) return
  if (schema.kind === 'scalar') {
    const problem = scalarProblem(value, schema.scalar)
    if (problem !== undefined) report(errors, path, problem)
  } else if (schema.kind === 'list') {
    if (!Array.isArray(value)) report(errors, path, `expected list, got ${show(value)}`)
    else
      for (const [i, item] of value.entries()) check(item, mergeTypeOf(schema.items), `${path}[${i}]`, errors)
  } else if (schema.kind === 'map' || schema.kind === 'object') {
    if (!isObject(value)) report(errors, path, `expected map, got ${show(value)}`)
    else checkAtomicMembers(value, schema, path, errors)
  }
}

function checkAtomicMembers(
  object: JsonObject,
  schema: NonNullable<MergeType['schema']>,
  path: string,
  errors: string[],
): void {
  for (const name of Object.keys(object)) {
    const at = `${path}.${name}`
    const member =
      schema.kind === 'map'
        ? schema.values
        : schema.kind === 'object'
          ? (schema.fields.get(name)?.schema ?? schema.additional)
          : undefined
    if (member !== undefined) check(object[name], mergeTypeOf(member), at, errors)
    else if (schema.kind === 'object' && !schema.preserveUnknown && !schema.embedded) {
      report(errors, at, 'field not declared in schema')
    }
  }
}

function scalarProblem(value: unknown, scalar: string): string | undefined {
  const isNumber = typeof value === 'number' || typeof value === 'bigint'
  switch (scalar) {
    case 'int32':
    case 'int64':
    case 'number':
      return isNumber ? undefined : `expected numeric (int or float), got ${goType(value)}`
    case 'string':
    case 'bytes':
      return typeof value === 'string' ? undefined : `expected string, got ${show(value)}`
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `expected boolean, got ${show(value)}`
    default:
      return typeof value === 'object' ? `expected any scalar, got ${show(value)}` : undefined
  }
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}'
  if (isObject(value)) return 'map[string]interface {}'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? String(member) : member))
}

function report(errors: string[], path: string, message: string): void {
  errors.push(path === '' ? message : `${path}: ${message}`)
}
