// A compiled schema of a built-in type as OpenAPI: swagger 2.0 (v2) or OpenAPI 3.0 (v3). Named types become
// definitions of their own, referred to by name.

import { schemaFor } from '@brume/api/schema/compile'
import type { FieldSchema, ObjectSchema, ScalarType, Schema } from '@brume/api/schema/schema'
import { fieldDescription, typeDescription } from './descriptions.ts'

export type Dialect = 'v2' | 'v3'
export type Json = Record<string, unknown>

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const RUNTIME = 'io.k8s.apimachinery.pkg.runtime'
const APIEXTENSIONS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1'
export const PATCH_TYPE = `${META}.Patch`

/** Types that are no objects in JSON but have a name in OpenAPI. */
const NAMED_SCALARS: Partial<Record<ScalarType, string>> = {
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  intOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  time: `${META}.Time`,
  microTime: `${META}.MicroTime`,
  duration: `${META}.Duration`,
}
const NAMED_ANY = {
  rawExtension: `${RUNTIME}.RawExtension`,
  fieldsV1: `${META}.FieldsV1`,
  json: `${APIEXTENSIONS}.JSON`,
}

const PLAIN: Partial<Record<ScalarType, Json>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  number: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
}

export function referenceTo(name: string, dialect: Dialect): Json {
  return { $ref: dialect === 'v2' ? `#/definitions/${name}` : `#/components/schemas/${name}` }
}

/** The definition of a named object type. */
export function definitionJson(schema: ObjectSchema, dialect: Dialect): Json {
  const properties: Json = {}
  const fields = [...schema.fields.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const field of fields) properties[field.name] = propertyJson(schema.name!, field, dialect)
  const required = fields.filter((field) => field.required).map((field) => field.name)
  return {
    description: schema.description ?? typeDescription(schema.name!),
    ...(required.length === 0 ? {} : { required }),
    ...(fields.length === 0 ? {} : { properties }),
    type: 'object',
    ...(schema.atomic === true ? { 'x-kubernetes-map-type': 'atomic' } : {}),
  }
}

/** Definitions that are the same wherever they are referred to. */
export function namedDefinitions(dialect: Dialect): Record<string, Json> {
  const either = (...types: string[]): Json =>
    dialect === 'v2' ? { type: 'string' } : { oneOf: types.map((type) => ({ type })) }
  const described = (name: string, json: Json): Json => ({ description: typeDescription(name), ...json })
  const all: Record<string, Json> = {
    [NAMED_SCALARS.quantity!]: either('string', 'number'),
    [NAMED_SCALARS.intOrString!]: { ...either('integer', 'string'), format: 'int-or-string' },
    [NAMED_SCALARS.time!]: { type: 'string', format: 'date-time' },
    [NAMED_SCALARS.microTime!]: { type: 'string', format: 'date-time' },
    [NAMED_SCALARS.duration!]: { type: 'string' },
    [NAMED_ANY.rawExtension]: { type: 'object' },
    [NAMED_ANY.fieldsV1]: { type: 'object' },
    [NAMED_ANY.json]: {},
    [PATCH_TYPE]: { type: 'object' },
  }
  return Object.fromEntries(Object.entries(all).map(([name, json]) => [name, described(name, json)]))
}

/** The names that a schema refers to directly, the objects among them with their schema. */
export function namesIn(schema: Schema): { name: string; object?: ObjectSchema }[] {
  switch (schema.kind) {
    case 'scalar': {
      const name = NAMED_SCALARS[schema.scalar]
      return name === undefined ? [] : [{ name }]
    }
    case 'any':
      return isNamedAny(schema.proto) ? [{ name: NAMED_ANY[schema.proto] }] : []
    case 'list':
      return namesIn(schema.items)
    case 'map':
      return namesIn(schema.values)
    case 'object':
      if (schema.name !== undefined) return [{ name: schema.name, object: schemaFor(schema.name) }]
      return [...schema.fields.values()].flatMap((field) => namesIn(field.schema))
  }
}

function isNamedAny(proto: string | undefined): proto is keyof typeof NAMED_ANY {
  return proto !== undefined && Object.hasOwn(NAMED_ANY, proto)
}

function propertyJson(type: string, field: FieldSchema, dialect: Dialect): Json {
  const { schema } = field
  const description = schema.description ?? fieldDescription(type, field.name)
  const json = typeJson(schema, dialect)
  const rest: Json = {
    ...(description === undefined ? {} : { description }),
    ...(schema.default === undefined ? {} : { default: schema.default }),
    ...(schema.nullable === true && dialect === 'v3' ? { nullable: true } : {}),
    ...extensionsOf(field),
  }
  if (json['$ref'] === undefined) return { ...json, ...rest }
  if (Object.keys(rest).length === 0) return json
  // Siblings of a reference are ignored in OpenAPI 3.0, so the reference moves into allOf.
  return dialect === 'v2' ? { ...json, ...rest } : { allOf: [json], ...rest }
}

function typeJson(schema: Schema, dialect: Dialect): Json {
  switch (schema.kind) {
    case 'scalar': {
      const name = NAMED_SCALARS[schema.scalar]
      if (name !== undefined) return referenceTo(name, dialect)
      const plain = PLAIN[schema.scalar]!
      return schema.enum === undefined ? plain : { ...plain, enum: schema.enum }
    }
    case 'any':
      if (isNamedAny(schema.proto)) return referenceTo(NAMED_ANY[schema.proto], dialect)
      // A union is of several types, which only v3 could tell; leaving it free serves every client.
      return schema.proto === undefined ? { type: 'object' } : {}
    case 'list':
      return { type: 'array', items: typeJson(schema.items, dialect) }
    case 'map':
      return { type: 'object', additionalProperties: typeJson(schema.values, dialect) }
    case 'object':
      return schema.name === undefined ? { type: 'object' } : referenceTo(schema.name, dialect)
  }
}

function extensionsOf({ schema, patchStrategy, patchMergeKey }: FieldSchema): Json {
  const json: Json = {}
  if (schema.kind === 'list') {
    if (schema.listKeys !== undefined) json['x-kubernetes-list-map-keys'] = schema.listKeys
    json['x-kubernetes-list-type'] = schema.listType
  }
  if (schema.kind === 'map' && schema.atomic === true) json['x-kubernetes-map-type'] = 'atomic'
  if (schema.kind === 'object' && schema.name !== undefined) {
    const own = schemaFor(schema.name).atomic === true
    if ((schema.atomic === true) !== own) json['x-kubernetes-map-type'] = own ? 'granular' : 'atomic'
  }
  if (patchMergeKey !== undefined) json['x-kubernetes-patch-merge-key'] = patchMergeKey
  if (patchStrategy !== undefined) json['x-kubernetes-patch-strategy'] = patchStrategy
  return json
}
