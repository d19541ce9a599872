// The rules that make a schema structural: every value is described once, outside of allOf, anyOf, oneOf and not;
// those only add restrictions. (KEP-1005, and the rules of apiextensions.k8s.io/v1.)

import { deepEqual } from '@brume/base/values'
import { type FieldError, forbiddenField, invalid, required } from '../field-error.ts'
import { completenessErrors } from './check-completeness.ts'
import { isJsonSchema, type JsonSchema } from './json-schema.ts'
import { compilePattern, PatternError } from './pattern.ts'

type Level = 'root' | 'item' | 'field'

const MISSING_TYPE: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
}
const INT_OR_STRING = [{ type: 'integer' }, { type: 'string' }]

/** Sorted by path and text, as Kubernetes does. */
export function structuralErrors(schema: JsonSchema, path: string): FieldError[] {
  const errors = [...invariantErrors(schema, 'root', path), ...completenessErrors(schema, path)]
  const text = (error: FieldError) => `${error.field}: ${error.message}`
  return errors.sort((a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0))
}

function invariantErrors(schema: JsonSchema, level: Level, path: string): FieldError[] {
  const errors: FieldError[] = []
  const { items, additionalProperties, properties = {} } = schema
  if (schema.type === 'array' && items === undefined)
    errors.push(required(`${path}.items`, 'must be specified'))
  if (isJsonSchema(items)) errors.push(...invariantErrors(items, 'item', `${path}.items`))
  for (const [name, child] of Object.entries(properties)) {
    errors.push(...invariantErrors(child, 'field', `${path}.properties[${name}]`))
  }
  if (additionalProperties !== undefined) {
    const at = `${path}.additionalProperties`
    if (level === 'root') errors.push(forbiddenField(at, 'must not be used at the root'))
    if (isJsonSchema(additionalProperties)) errors.push(...invariantErrors(additionalProperties, 'field', at))
  }
  errors.push(...extensionErrors(schema, path))
  errors.push(...junctorErrors(schema, path, intOrStringPattern(schema)))
  errors.push(...typeErrors(schema, level, path))
  errors.push(...metaErrors(schema, level, path))
  return errors
}

function extensionErrors(schema: JsonSchema, path: string): FieldError[] {
  if (schema['x-kubernetes-int-or-string'] !== true) return []
  const why = 'must be false if x-kubernetes-int-or-string is true'
  const names = ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const
  return names.filter((name) => schema[name] === true).map((name) => invalid(`${path}.${name}`, true, why))
}

function typeErrors(schema: JsonSchema, level: Level, path: string): FieldError[] {
  const errors: FieldError[] = []
  const type = schema.type ?? ''
  const embedded = schema['x-kubernetes-embedded-resource'] === true
  const preserve = schema['x-kubernetes-preserve-unknown-fields'] === true
  if (embedded && type !== 'object') {
    const why = 'must be object if x-kubernetes-embedded-resource is true'
    errors.push(type === '' ? required(`${path}.type`, why) : invalid(`${path}.type`, type, why))
  } else if (type === '' && schema['x-kubernetes-int-or-string'] !== true && !preserve) {
    errors.push(required(`${path}.type`, MISSING_TYPE[level]))
  }
  if (embedded && schema.additionalProperties !== undefined) {
    const why = 'must not be used if x-kubernetes-embedded-resource is set'
    errors.push(forbiddenField(`${path}.additionalProperties`, why))
  }
  if (level === 'root' && type !== '' && type !== 'object') {
    errors.push(invalid(`${path}.type`, type, 'must be object at the root'))
  }
  if (embedded && !preserve && Object.keys(schema.properties ?? {}).length === 0) {
    const why =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields'
    errors.push(required(`${path}.properties`, why))
  }
  return errors
}

/** apiVersion, kind and metadata follow the server's own rules; an author may only restrict names. */
function metaErrors(schema: JsonSchema, level: Level, path: string): FieldError[] {
  if (level !== 'root' && schema['x-kubernetes-embedded-resource'] !== true) return []
  const errors: FieldError[] = []
  const { kind, apiVersion, metadata } = schema.properties ?? {}
  for (const [name, child] of Object.entries({ kind, apiVersion })) {
    if (child === undefined || child.type === 'string') continue
    errors.push(invalid(`${path}.properties[${name}].type`, child.type ?? '', 'must be string'))
  }
  if (metadata === undefined) return errors
  const at = `${path}.properties[metadata]`
  if (metadata.type !== 'object') errors.push(invalid(`${at}.type`, metadata.type ?? '', 'must be object'))
  if (level === 'root' && !restrictsNamesOnly(metadata)) {
    const why =
      'must not specify anything other than name and generateName, but metadata is implicitly specified'
    errors.push(forbiddenField(at, why))
  }
  return errors
}

function restrictsNamesOnly(metadata: JsonSchema): boolean {
  const { type: _type, default: _default, properties = {}, ...rest } = metadata
  const set = Object.values(rest).some((value) => value !== undefined && value !== false && value !== '')
  return !set && Object.keys(properties).every((name) => name === 'name' || name === 'generateName')
}

/** The two forms in which a junctor may name the types of int-or-string. */
function intOrStringPattern(schema: JsonSchema): 'anyOf' | 'allOf' | undefined {
  if (deepEqual(schema.anyOf, INT_OR_STRING)) return 'anyOf'
  return deepEqual(schema.allOf?.[0]?.anyOf, INT_OR_STRING) ? 'allOf' : undefined
}

function junctorErrors(schema: JsonSchema, path: string, skip: 'anyOf' | 'allOf' | undefined): FieldError[] {
  const errors: FieldError[] = []
  if (skip !== 'anyOf') {
    for (const [i, child] of (schema.anyOf ?? []).entries())
      errors.push(...nestedErrors(child, `${path}.anyOf[${i}]`))
  }
  for (const [i, child] of (schema.allOf ?? []).entries()) {
    const inner = skip === 'allOf' && i === 0 ? 'anyOf' : undefined
    errors.push(...nestedErrors(child, `${path}.allOf[${i}]`, inner))
  }
  for (const [i, child] of (schema.oneOf ?? []).entries())
    errors.push(...nestedErrors(child, `${path}.oneOf[${i}]`))
  if (isJsonSchema(schema.not)) errors.push(...nestedErrors(schema.not, `${path}.not`))
  if (schema.pattern) {
    const why = patternError(schema.pattern)
    if (why !== undefined) {
      const detail = `must be a valid regular expression, but isn't: ${why}`
      errors.push(invalid(`${path}.pattern`, schema.pattern, detail))
    }
  }
  return errors
}

const MUST_BE_EMPTY: [keyof JsonSchema, string][] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
]

/** Inside a junctor: restrictions only. */
function nestedErrors(schema: JsonSchema, path: string, skip?: 'anyOf'): FieldError[] {
  const errors = junctorErrors(schema, path, skip)
  if (isJsonSchema(schema.items)) errors.push(...nestedErrors(schema.items, `${path}.items`))
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    errors.push(...nestedErrors(child, `${path}.properties[${name}]`))
  }
  for (const [name, why] of MUST_BE_EMPTY) {
    const value = schema[name]
    const empty = value === undefined || value === null || value === '' || value === false
    if (empty && !(name === 'additionalProperties' && value === false)) continue
    if (Array.isArray(value) && value.length === 0) continue
    errors.push(forbiddenField(`${path}.${name}`, why))
  }
  if (schema.properties?.['metadata'] !== undefined) {
    errors.push(forbiddenField(`${path}.properties[metadata]`, 'must not be specified in a nested context'))
  }
  return errors
}

function patternError(pattern: string): string | undefined {
  try {
    compilePattern(pattern)
    return undefined
  } catch (error) {
    if (error instanceof PatternError) return error.message
    throw error
  }
}
