// A structural OpenAPI schema as the one runtime form (schema/schema.ts). The schema was found structural before;
// what is malformed nevertheless is read as leniently as possible.

import { deepClone } from '@brume/base/values'
import type {
  AnySchema,
  Constraints,
  FieldSchema,
  ListSchema,
  MapSchema,
  ObjectSchema,
  ScalarType,
  Schema,
} from '../schema/schema.ts'
import { isJsonSchema, type JsonSchema } from './json-schema.ts'
import { compilePattern, PatternError } from './pattern.ts'

/** `additionalProperties: true`: any value, but the fields of objects in it are pruned. */
export const PRUNED_ANY: AnySchema = { kind: 'any' }
/** `additionalProperties: false`: no value is valid. */
export const FORBIDDEN_ANY: AnySchema = { kind: 'any' }

/** The schema of one node of the author's. Each result keeps its author's text in `source`. */
export function buildSchema(source: JsonSchema): Schema {
  const schema = shapeOf(source)
  schema.source = source
  if (source.description) schema.description = source.description
  if (source.nullable === true) schema.nullable = true
  if (source.default !== undefined) schema.default = deepClone(source.default)
  const constraints = constraintsOf(source)
  if (Object.keys(constraints).length > 0) schema.constraints = constraints
  return schema
}

/** The type, where the author set one: schemas inside allOf, anyOf, oneOf and not have none. */
export function declaredType(schema: Schema): string | undefined {
  return (schema.source as JsonSchema | undefined)?.type || undefined
}

function shapeOf(source: JsonSchema): Schema {
  if (source['x-kubernetes-int-or-string'] === true) return { kind: 'scalar', scalar: 'intOrString' }
  switch (source.type) {
    case 'string':
    case 'boolean':
    case 'integer':
    case 'number':
      return { kind: 'scalar', scalar: SCALARS[source.type] }
    case 'array':
      return listOf(source)
    case 'object':
      return objectOf(source)
  }
  if (source.properties !== undefined || source.required !== undefined) return objectOf(source)
  if (source.additionalProperties !== undefined || source['x-kubernetes-embedded-resource'])
    return objectOf(source)
  if (isJsonSchema(source.items)) return listOf(source)
  return { kind: 'any' }
}

const SCALARS: Record<'string' | 'boolean' | 'integer' | 'number', ScalarType> = {
  string: 'string',
  boolean: 'boolean',
  integer: 'int64',
  number: 'number',
}

function listOf(source: JsonSchema): ListSchema {
  const type = source['x-kubernetes-list-type']
  const schema: ListSchema = {
    kind: 'list',
    items: isJsonSchema(source.items) ? buildSchema(source.items) : { kind: 'any' },
    listType: type === 'set' || type === 'map' ? type : 'atomic',
  }
  const keys = source['x-kubernetes-list-map-keys']
  if (type === 'map' && Array.isArray(keys)) schema.listKeys = keys
  return schema
}

function objectOf(source: JsonSchema): ObjectSchema | MapSchema {
  const additional = additionalOf(source.additionalProperties)
  const properties = Object.entries(source.properties ?? {})
  const atomic = source['x-kubernetes-map-type'] === 'atomic'
  const preserve = source['x-kubernetes-preserve-unknown-fields'] === true
  const embedded = source['x-kubernetes-embedded-resource'] === true
  const required = Array.isArray(source.required) ? source.required : []
  if (
    additional !== undefined &&
    properties.length === 0 &&
    required.length === 0 &&
    !preserve &&
    !embedded
  ) {
    return { kind: 'map', values: additional, ...(atomic ? { atomic } : {}) }
  }
  const fields = new Map<string, FieldSchema>()
  for (const [name, child] of properties) {
    const schema = buildSchema(isJsonSchema(child) ? child : {})
    fields.set(name, { name, schema, number: 0, required: required.includes(name) })
  }
  const schema: ObjectSchema = { kind: 'object', fields }
  if (required.length > 0) schema.required = required
  if (preserve) schema.preserveUnknown = true
  if (additional !== undefined) schema.additional = additional
  if (atomic) schema.atomic = true
  if (embedded) schema.embedded = true
  return schema
}

function additionalOf(source: JsonSchema['additionalProperties']): Schema | undefined {
  if (source === undefined || source === null) return undefined
  if (typeof source === 'boolean') return source ? PRUNED_ANY : FORBIDDEN_ANY
  return buildSchema(source)
}

const NUMBERS = [
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'multipleOf',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
] as const
const FLAGS = ['exclusiveMinimum', 'exclusiveMaximum', 'uniqueItems'] as const

function constraintsOf(source: JsonSchema): Constraints {
  const constraints: Constraints = {}
  for (const name of NUMBERS) if (typeof source[name] === 'number') constraints[name] = source[name]
  for (const name of FLAGS) if (source[name] === true) constraints[name] = true
  if (Array.isArray(source.enum) && source.enum.length > 0) constraints.enum = source.enum
  if (source.format) constraints.format = source.format
  if (source.pattern) constraints.pattern = patternOf(source.pattern)
  for (const junctor of ['allOf', 'anyOf', 'oneOf'] as const) {
    const alternatives = source[junctor]
    if (Array.isArray(alternatives) && alternatives.length > 0)
      constraints[junctor] = alternatives.map(buildSchema)
  }
  if (isJsonSchema(source.not)) constraints.not = buildSchema(source.not)
  const rules = source['x-kubernetes-validations']
  if (Array.isArray(rules) && rules.length > 0) constraints.rules = rules
  return constraints
}

/** Compiled at the first value: a start reads the schemas of all kinds, and most are not asked for at once. */
function patternOf(source: string): NonNullable<Constraints['pattern']> {
  let compiled: NonNullable<Constraints['pattern']> | undefined
  return {
    source,
    test(text) {
      compiled ??= compiledPattern(source)
      return compiled.test(text)
    },
  }
}

function compiledPattern(source: string): NonNullable<Constraints['pattern']> {
  try {
    return compilePattern(source)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    // Kept as never matching: a value cannot be shown to be valid.
    return { source, test: () => false }
  }
}
