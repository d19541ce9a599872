// JSONSchemaProps of apiextensions.k8s.io/v1 as it stands in a CRD: what an author wrote, not yet judged.

/** Levels of nesting that a schema may have: walks over schemas and values recurse no deeper. */
export const MAX_SCHEMA_DEPTH = 128

export interface ValidationRule {
  rule: string
  message?: string
  messageExpression?: string
  reason?: string
  fieldPath?: string
  optionalOldSelf?: boolean
  [key: string]: unknown
}

export interface JsonSchema {
  id?: string
  $schema?: string
  $ref?: string
  description?: string
  type?: string
  format?: string
  title?: string
  default?: unknown
  maximum?: number
  exclusiveMaximum?: boolean
  minimum?: number
  exclusiveMinimum?: boolean
  maxLength?: number
  minLength?: number
  pattern?: string
  maxItems?: number
  minItems?: number
  uniqueItems?: boolean
  multipleOf?: number
  enum?: unknown[]
  maxProperties?: number
  minProperties?: number
  required?: string[]
  items?: JsonSchema | JsonSchema[]
  allOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  anyOf?: JsonSchema[]
  not?: JsonSchema
  properties?: Record<string, JsonSchema>
  additionalProperties?: JsonSchema | boolean
  patternProperties?: Record<string, JsonSchema>
  dependencies?: Record<string, unknown>
  additionalItems?: JsonSchema | boolean
  definitions?: Record<string, JsonSchema>
  externalDocs?: unknown
  example?: unknown
  nullable?: boolean
  'x-kubernetes-preserve-unknown-fields'?: boolean
  'x-kubernetes-embedded-resource'?: boolean
  'x-kubernetes-int-or-string'?: boolean
  'x-kubernetes-list-map-keys'?: string[]
  'x-kubernetes-list-type'?: string
  'x-kubernetes-map-type'?: string
  'x-kubernetes-validations'?: ValidationRule[]
}

/** A schema and where it stands, as a field path. */
export interface SchemaAt {
  schema: JsonSchema
  path: string
}

/** The schemas directly inside this one, with their paths. Sub-schemas of the wrong shape are left out. */
export function childSchemas(schema: JsonSchema, path: string): SchemaAt[] {
  const children: SchemaAt[] = []
  const add = (candidate: unknown, at: string) => {
    if (isJsonSchema(candidate)) children.push({ schema: candidate, path: at })
  }
  for (const [name, child] of Object.entries(schema.properties ?? {}))
    add(child, `${path}.properties[${name}]`)
  add(schema.additionalProperties, `${path}.additionalProperties`)
  add(schema.items, `${path}.items`)
  for (const junctor of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const [i, child] of listed(schema[junctor]).entries()) add(child, `${path}.${junctor}[${i}]`)
  }
  add(schema.not, `${path}.not`)
  return children
}

/** Whether the schema or one inside it is as asked for. */
export function someSchema(schema: JsonSchema, predicate: (schema: JsonSchema) => boolean): boolean {
  return predicate(schema) || childSchemas(schema, '').some((child) => someSchema(child.schema, predicate))
}

/** Deeper than MAX_SCHEMA_DEPTH; walks without recursion, so any input is safe. */
export function isTooDeep(schema: JsonSchema): boolean {
  let level = [schema]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_SCHEMA_DEPTH) return true
    level = level.flatMap((parent) => childSchemas(parent, '').map((child) => child.schema))
  }
  return false
}

export function isJsonSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function listed<T>(value: T[] | undefined): T[] {
  return Array.isArray(value) ? value : []
}
