// What a CRD's schema may not contain, and how its Kubernetes extensions must fit together.

import { type FieldError, forbiddenField, invalid, notSupported, required } from '../field-error.ts'
import { listTypeErrors } from './check-lists.ts'
import { ruleErrors } from './check-rules.ts'
import { isJsonSchema, type JsonSchema } from './json-schema.ts'
import { META_FIELDS } from './prune.ts'

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']
const MAP_TYPES = ['atomic', 'granular']

/** What holds at one place of the schema because of where it is. */
interface Context {
  root: boolean
  insideMeta: boolean
  /** Why defaults must not be set here; undefined: they may. */
  noDefaults?: string
}

export function openApiErrors(schema: JsonSchema, path: string): FieldError[] {
  return nodeErrors(schema, path, { root: true, insideMeta: false })
}

function nodeErrors(schema: JsonSchema, path: string, context: Context): FieldError[] {
  const errors = [...standardErrors(schema, path, context), ...childErrors(schema, path, context)]
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'))
  }
  errors.push(...mapTypeErrors(schema, path), ...listTypeErrors(schema, path), ...ruleErrors(schema, path))
  return errors
}

function standardErrors(schema: JsonSchema, path: string, context: Context): FieldError[] {
  const errors: FieldError[] = []
  const forbid = (name: string, why: string) => errors.push(forbiddenField(`${path}.${name}`, why))
  if (schema.type && !TYPES.includes(schema.type))
    errors.push(notSupported(`${path}.type`, schema.type, TYPES))
  if (schema.default !== undefined && context.noDefaults !== undefined) {
    forbid('default', `must not be set ${context.noDefaults}`)
  }
  if (schema.id) forbid('id', 'id is not supported')
  for (const name of [
    'additionalItems',
    'patternProperties',
    'definitions',
    'dependencies',
    '$ref',
  ] as const) {
    if (schema[name] !== undefined) forbid(name, `${name} is not supported`)
  }
  if (schema.type === 'null') forbid('type', 'type cannot be set to null, use nullable as an alternative')
  if (Array.isArray(schema.items)) forbid('items', 'items must be a schema object and not an array')
  if (context.insideMeta && schema['x-kubernetes-embedded-resource'] === true) {
    forbid('x-kubernetes-embedded-resource', 'must not be used inside of resource meta')
  }
  if (schema.uniqueItems === true) {
    forbid('uniqueItems', 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic')
  }
  return errors
}

function childErrors(schema: JsonSchema, path: string, context: Context): FieldError[] {
  const errors: FieldError[] = []
  const below: Context = { ...context, root: false }
  const { additionalProperties: additional, properties = {} } = schema
  if (additional !== undefined) {
    const at = `${path}.additionalProperties`
    if (Object.keys(properties).length > 0 && additional !== true) {
      errors.push(forbiddenField(at, 'additionalProperties and properties are mutual exclusive'))
    }
    const noDefaults = 'inside additionalProperties applying to object metadata'
    const inner = context.insideMeta ? { ...below, noDefaults } : below
    if (isJsonSchema(additional)) errors.push(...nodeErrors(additional, at, inner))
  }
  for (const [name, child] of Object.entries(properties)) {
    errors.push(...nodeErrors(child, `${path}.properties[${name}]`, propertyContext(schema, name, context)))
  }
  if (isJsonSchema(schema.not)) errors.push(...nodeErrors(schema.not, `${path}.not`, below))
  for (const junctor of ['allOf', 'oneOf', 'anyOf'] as const) {
    for (const [i, child] of (schema[junctor] ?? []).entries()) {
      errors.push(...nodeErrors(child, `${path}.${junctor}[${i}]`, below))
    }
  }
  if (isJsonSchema(schema.items)) errors.push(...nodeErrors(schema.items, `${path}.items`, below))
  return errors
}

function propertyContext(schema: JsonSchema, name: string, context: Context): Context {
  const below: Context = { ...context, root: false }
  const isObject = context.root || schema['x-kubernetes-embedded-resource'] === true
  if (!isObject || !META_FIELDS.has(name)) return below
  return { ...below, insideMeta: true, ...(context.root ? { noDefaults: `in top-level ${name}` } : {}) }
}

function mapTypeErrors(schema: JsonSchema, path: string): FieldError[] {
  const mapType = schema['x-kubernetes-map-type']
  if (mapType === undefined) return []
  const errors: FieldError[] = []
  const why = 'must be object if x-kubernetes-map-type is specified'
  if (!schema.type) errors.push(required(`${path}.type`, why))
  else if (schema.type !== 'object') errors.push(invalid(`${path}.type`, schema.type, why))
  if (!MAP_TYPES.includes(mapType))
    errors.push(notSupported(`${path}.x-kubernetes-map-type`, mapType, MAP_TYPES))
  return errors
}
