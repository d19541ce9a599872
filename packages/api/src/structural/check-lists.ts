// How x-kubernetes-list-type and x-kubernetes-list-map-keys must fit the list that they describe.

import { type FieldError, forbiddenField, invalid, notSupported, required } from '../field-error.ts'
import { isJsonSchema, type JsonSchema } from './json-schema.ts'

const LIST_TYPES = ['atomic', 'map', 'set']

export function listTypeErrors(schema: JsonSchema, path: string): FieldError[] {
  const listType = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const errors: FieldError[] = []
  const items = isJsonSchema(schema.items) ? schema.items : undefined
  if (listType !== undefined && schema.type !== 'array') {
    const why = 'must be array if x-kubernetes-list-type is specified'
    errors.push(schema.type ? invalid(`${path}.type`, schema.type, why) : required(`${path}.type`, why))
  } else if (listType === 'set' && items !== undefined) errors.push(...setItemErrors(items, `${path}.items`))
  if (listType !== undefined && !LIST_TYPES.includes(listType)) {
    errors.push(notSupported(`${path}.x-kubernetes-list-type`, listType, LIST_TYPES))
  }
  if (keys.length > 0 && listType !== 'map') {
    const at = `${path}.x-kubernetes-list-type`
    const why = 'must be map if x-kubernetes-list-map-keys is non-empty'
    errors.push(listType === undefined ? required(at, why) : invalid(at, listType, why))
  }
  if (listType === 'map') errors.push(...mapErrors(schema, items, keys, path))
  if ((listType === 'map' || listType === 'set') && items !== undefined) {
    errors.push(...nullableErrors(items, listType, keys, `${path}.items`))
  }
  return errors
}

/** Items of a set are compared as wholes, so nothing in them may be owned apart. */
function setItemErrors(items: JsonSchema, path: string): FieldError[] {
  const why = 'must be atomic as item of a list with x-kubernetes-list-type=set'
  const listType = items['x-kubernetes-list-type']
  if (items.type === 'array' && listType !== undefined && listType !== 'atomic') {
    return [invalid(`${path}.x-kubernetes-list-type`, listType, why)]
  }
  if (items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic') {
    return [invalid(`${path}.x-kubernetes-map-type`, listType ?? null, why)]
  }
  return []
}

function mapErrors(
  schema: JsonSchema,
  items: JsonSchema | undefined,
  keys: string[],
  path: string,
): FieldError[] {
  const errors: FieldError[] = []
  const keysAt = `${path}.x-kubernetes-list-map-keys`
  if (keys.length === 0) errors.push(required(keysAt, 'must not be empty if x-kubernetes-list-type is map'))
  if (schema.items === undefined) {
    errors.push(required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map'))
  }
  if (items === undefined) return errors
  if (items.type !== 'object') {
    const why = "must be object if parent array's x-kubernetes-list-type is map"
    return [...errors, invalid(`${path}.items.type`, items.type ?? '', why)]
  }
  const seen = new Set<string>()
  for (const key of keys) {
    const property = items.properties?.[key]
    if (property === undefined) {
      errors.push(invalid(keysAt, keys, 'entries must all be names of item properties'))
    } else if (property.type === 'array' || property.type === 'object') {
      const why = "must be a scalar type if parent array's x-kubernetes-list-type is map"
      errors.push(invalid(`${path}.items.properties[${key}].type`, items.type, why))
    }
    if (seen.has(key)) errors.push(invalid(keysAt, keys, 'must not contain duplicate entries'))
    seen.add(key)
  }
  return errors
}

function nullableErrors(items: JsonSchema, listType: string, keys: string[], path: string): FieldError[] {
  const errors: FieldError[] = []
  if (items.nullable === true) {
    errors.push(
      forbiddenField(`${path}.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`),
    )
  }
  if (listType !== 'map') return errors
  for (const key of keys) {
    const property = items.properties?.[key]
    if (property === undefined) continue
    const at = `${path}.properties[${key}]`
    if (!items.required?.includes(key) && property.default === undefined) {
      const why =
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'
      errors.push(required(`${at}.default`, why))
    }
    if (property.nullable === true) {
      const why = 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'
      errors.push(forbiddenField(`${at}.nullable`, why))
    }
  }
  return errors
}
