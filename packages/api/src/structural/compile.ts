// A CRD's openAPIV3Schema: judged by every rule of structural schemas, and compiled when it obeys them all.

import { assert } from '@brume/base/assert'
import { type FieldError, forbiddenField, invalid } from '../field-error.ts'
import type { ObjectSchema } from '../schema/schema.ts'
import { buildSchema } from './build.ts'
import { defaultErrors } from './check-defaults.ts'
import { openApiErrors } from './check-openapi.ts'
import { shapeErrors } from './check-shape.ts'
import { structuralErrors } from './check-structural.ts'
import type { JsonSchema } from './json-schema.ts'

export interface CompileOptions {
  /** The status subresource is on: the root may have few restrictions, for they would not hold for status alone. */
  statusSubresource?: boolean
}

const ALLOWED_AT_ROOT: Readonly<Record<string, string>> = {
  description: 'Description',
  type: 'Type',
  format: 'Format',
  title: 'Title',
  maximum: 'Maximum',
  exclusiveMaximum: 'ExclusiveMaximum',
  minimum: 'Minimum',
  exclusiveMinimum: 'ExclusiveMinimum',
  maxLength: 'MaxLength',
  minLength: 'MinLength',
  pattern: 'Pattern',
  maxItems: 'MaxItems',
  minItems: 'MinItems',
  uniqueItems: 'UniqueItems',
  multipleOf: 'MultipleOf',
  required: 'Required',
  items: 'Items',
  properties: 'Properties',
  externalDocs: 'ExternalDocs',
  example: 'Example',
  'x-kubernetes-preserve-unknown-fields': 'XPreserveUnknownFields',
  'x-kubernetes-validations': 'XValidations',
}

/** `path` is that of the schema, e.g. `spec.versions[0].schema.openAPIV3Schema`. `schema` is set when `errors` is empty. */
export function compileStructural(
  schema: unknown,
  path: string,
  options: CompileOptions = {},
): { schema?: ObjectSchema; errors: FieldError[] } {
  const malformed = shapeErrors(schema, path)
  if (malformed.length > 0) return { errors: malformed }
  const source = schema as JsonSchema
  const errors = rootErrors(source, path, options)
  const structural = structuralErrors(source, path)
  errors.push(...structural)
  const compiled = structural.length === 0 ? buildRoot(source) : undefined
  if (compiled !== undefined) errors.push(...defaultErrors(compiled, path))
  errors.push(...openApiErrors(source, path))
  return compiled === undefined || errors.length > 0 ? { errors } : { schema: compiled, errors }
}

/** The schema of whole objects: an object, whatever the author left out. */
export function buildRoot(source: JsonSchema): ObjectSchema {
  const { 'x-kubernetes-int-or-string': _, ...rest } = source
  const built = buildSchema({ ...rest, type: 'object' })
  if (built.kind === 'object') return built
  assert(built.kind === 'map', 'a schema of type object is an object or a map')
  return { kind: 'object', fields: new Map(), additional: built.values, source }
}

function rootErrors(schema: JsonSchema, path: string, { statusSubresource }: CompileOptions): FieldError[] {
  const errors: FieldError[] = []
  if (statusSubresource === true) {
    if (schema.type && schema.type !== 'object') {
      const why =
        'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
      errors.push(invalid(`${path}.type`, schema.type, why))
    } else if (Object.entries(schema).some(([name, value]) => isSet(value) && !(name in ALLOWED_AT_ROOT))) {
      const names = Object.values(ALLOWED_AT_ROOT).join(' ')
      const why = `only [${names}] fields are allowed at the root of the schema if the status subresource is enabled`
      errors.push(invalid(path, schema, why))
    }
  }
  if (schema.nullable === true) {
    errors.push(forbiddenField(`${path}.nullable`, 'nullable cannot be true at the root'))
  }
  return errors
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && value !== false && value !== 0
}
