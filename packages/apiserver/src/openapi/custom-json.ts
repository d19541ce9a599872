// The schema of a custom kind as OpenAPI: what the author wrote, with the fields that every object has, and in v2
// without what swagger 2.0 cannot say (then the field is left free, so that clients do not refuse valid values).

import type { ResourceDefinition } from '@brume/api/resource'
import type { JsonSchema } from '@brume/api/structural/json-schema'
import { fieldDescription } from './descriptions.ts'
import { type Dialect, type Json, referenceTo } from './schema-json.ts'

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'
const PRESERVE = 'x-kubernetes-preserve-unknown-fields'

/** The definition of the kind, without its group, version and kind. */
export function customDefinition(definition: ResourceDefinition, dialect: Dialect): Json {
  const source = (definition.schema.source ?? { type: 'object' }) as JsonSchema
  // kubectl takes the fields of a v2 schema for all there are: beside unknown ones none may be named.
  if (dialect === 'v2' && source[PRESERVE] === true) return { type: 'object' }
  const json = dialect === 'v2' ? toV2(source) : toV3(source)
  const selectable = Object.keys(definition.selectableFields)
  return {
    ...json,
    type: 'object',
    properties: { ...(json['properties'] as Json | undefined), ...objectFields(dialect) },
    ...(selectable.length === 0 || dialect === 'v2'
      ? {}
      : { 'x-kubernetes-selectable-fields': selectable.map((fieldPath) => ({ fieldPath })) }),
  }
}

function objectFields(dialect: Dialect): Json {
  const described = (name: string) => {
    const description = fieldDescription('', name)
    return description === undefined ? {} : { description }
  }
  const meta = referenceTo(OBJECT_META, dialect)
  return {
    apiVersion: { type: 'string', ...described('apiVersion') },
    kind: { type: 'string', ...described('kind') },
    metadata:
      dialect === 'v2' ? { ...meta, ...described('metadata') } : { allOf: [meta], ...described('metadata') },
  }
}

function toV3(source: JsonSchema): Json {
  const json = mapChildren(source, toV3)
  return source['x-kubernetes-embedded-resource'] === true ? embedded(json, 'v3') : json
}

/** An embedded object has what every object has, and must say what it is. */
function embedded(json: Json, dialect: Dialect): Json {
  const properties = { ...(json['properties'] as Json | undefined), ...objectFields(dialect) }
  const required = new Set([...((json['required'] as string[] | undefined) ?? []), 'kind', 'apiVersion'])
  return { ...json, properties, required: [...required] }
}

const NOT_IN_V2 = ['allOf', 'anyOf', 'oneOf', 'not', 'nullable', 'default', 'x-kubernetes-validations']

function toV2(source: JsonSchema): Json {
  const json = mapChildren(source, toV2)
  for (const name of NOT_IN_V2) delete json[name]
  if (source['x-kubernetes-int-or-string'] === true) delete json['type']
  if (source.nullable === true || source[PRESERVE] === true) {
    for (const name of ['type', 'items', 'properties', 'additionalProperties', 'required']) delete json[name]
    return json
  }
  dropNullableRequired(json, source)
  return source['x-kubernetes-embedded-resource'] === true ? embedded(json, 'v2') : json
}

/** A required field may be null where v2 cannot say so: it is not required there. */
function dropNullableRequired(json: Json, { required, properties = {} }: JsonSchema): void {
  const kept = required?.filter((name) => properties[name]?.nullable !== true)
  if (kept === undefined || kept.length === 0) delete json['required']
  else json['required'] = kept
}

/** A copy whose sub-schemas went through `map`. */
function mapChildren(source: JsonSchema, map: (schema: JsonSchema) => Json): Json {
  const json: Json = { ...source }
  if (source.properties !== undefined) {
    const entries = Object.entries(source.properties)
    json['properties'] = Object.fromEntries(entries.map(([name, child]) => [name, map(child)]))
  }
  if (isSchema(source.items)) json['items'] = map(source.items)
  if (isSchema(source.additionalProperties)) json['additionalProperties'] = map(source.additionalProperties)
  return json
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
