// Whether a schema has the shape of JSONSchemaProps at all. All other checks rely on it.

import { type FieldError, invalid, typeInvalid } from '../field-error.ts'
import { childSchemas, isJsonSchema, isTooDeep, type JsonSchema, MAX_SCHEMA_DEPTH } from './json-schema.ts'

type Shape = 'string' | 'number' | 'boolean' | 'list' | 'texts' | 'schema' | 'schemas' | 'schemaMap' | 'rules'

const SHAPES: Readonly<Record<string, Shape>> = {
  id: 'string',
  $schema: 'string',
  $ref: 'string',
  description: 'string',
  type: 'string',
  format: 'string',
  title: 'string',
  maximum: 'number',
  exclusiveMaximum: 'boolean',
  minimum: 'number',
  exclusiveMinimum: 'boolean',
  maxLength: 'number',
  minLength: 'number',
  pattern: 'string',
  maxItems: 'number',
  minItems: 'number',
  uniqueItems: 'boolean',
  multipleOf: 'number',
  enum: 'list',
  maxProperties: 'number',
  minProperties: 'number',
  required: 'texts',
  allOf: 'schemas',
  oneOf: 'schemas',
  anyOf: 'schemas',
  not: 'schema',
  properties: 'schemaMap',
  nullable: 'boolean',
  'x-kubernetes-preserve-unknown-fields': 'boolean',
  'x-kubernetes-embedded-resource': 'boolean',
  'x-kubernetes-int-or-string': 'boolean',
  'x-kubernetes-list-map-keys': 'texts',
  'x-kubernetes-list-type': 'string',
  'x-kubernetes-map-type': 'string',
  'x-kubernetes-validations': 'rules',
}

/** Empty when every field that has a meaning here is of its type, in this schema and in all within it. */
export function shapeErrors(schema: unknown, path: string): FieldError[] {
  if (!isJsonSchema(schema)) return [typeInvalid(path, schema, 'must be an object')]
  if (isTooDeep(schema)) {
    return [invalid(path, '', `must not be nested deeper than ${MAX_SCHEMA_DEPTH} levels`)]
  }
  return nodeErrors(schema, path)
}

function nodeErrors(schema: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [name, value] of Object.entries(schema)) {
    const shape = Object.hasOwn(SHAPES, name) ? SHAPES[name]! : undefined
    if (shape === undefined || value === undefined || hasShape(value, shape)) continue
    errors.push(
      typeInvalid(`${path}.${name}`, typeof value === 'object' ? '' : value, `must be ${WORDS[shape]}`),
    )
  }
  const { additionalProperties: additional } = schema
  if (additional !== undefined && typeof additional !== 'boolean' && !isJsonSchema(additional)) {
    errors.push(typeInvalid(`${path}.additionalProperties`, '', 'must be a schema or a boolean'))
  }
  const { items } = schema
  if (items !== undefined && !isJsonSchema(items) && !Array.isArray(items)) {
    errors.push(typeInvalid(`${path}.items`, '', 'must be a schema'))
  }
  for (const child of childSchemas(schema, path)) errors.push(...nodeErrors(child.schema, child.path))
  return errors
}

const WORDS: Readonly<Record<Shape, string>> = {
  string: 'a string',
  number: 'a number',
  boolean: 'a boolean',
  list: 'a list',
  texts: 'a list of strings',
  schema: 'a schema',
  schemas: 'a list of schemas',
  schemaMap: 'a map of schemas',
  rules: 'a list of rules',
}

function hasShape(value: unknown, shape: Shape): boolean {
  switch (shape) {
    case 'list':
      return Array.isArray(value)
    case 'texts':
      return Array.isArray(value) && value.every((item) => typeof item === 'string')
    case 'schema':
      return isJsonSchema(value)
    case 'schemas':
    case 'rules':
      return Array.isArray(value) && value.every(isJsonSchema)
    case 'schemaMap':
      return isJsonSchema(value) && Object.values(value).every(isJsonSchema)
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint'
    default:
      return typeof value === shape
  }
}
