// The versions of a custom kind: schema, subresources, columns, selectable fields.

import { deepEqual } from '@brume/base/values'
import { duplicate, type FieldError, invalid, required, tooMany } from '../../field-error.ts'
import { compileStructural } from '../../structural/compile.ts'
import { isJsonSchema, type JsonSchema } from '../../structural/json-schema.ts'
import { byteLength, type Json, listOf } from '../../validate/json.ts'

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string']
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']
const MAX_SELECTABLE_FIELDS = 8
const MAX_WARNING_BYTES = 256

/**
 * Where the parts of a version stand in errors. Kubernetes reports what all versions have in common once, under spec
 * itself (`spec.validation`, `spec.subresources`...), and the rest under each version.
 */
export function validateVersions(versions: Json[], path: string): FieldError[] {
  const first = versions[0]
  if (first === undefined) return []
  const shared = (part: string) =>
    isSet(first[part]) && versions.every((version) => deepEqual(version[part], first[part]))
  const errors: FieldError[] = []
  for (const [i, version] of versions.entries()) {
    const at = `${path}.versions[${i}]`
    errors.push(...deprecationErrors(version, `${at}.deprecationWarning`))
    for (const [part, check] of Object.entries(PARTS)) {
      if (!shared(part)) errors.push(...check(version, `${at}.${part}`))
    }
  }
  const any = {
    ...first,
    subresources: versions.find((v) => v.subresources?.status)?.subresources ?? first.subresources,
  }
  if (shared('schema')) errors.push(...schemaErrors(any, `${path}.validation`))
  for (const [part, check] of Object.entries(PARTS)) {
    if (part !== 'schema' && shared(part)) errors.push(...check(first, `${path}.${part}`))
  }
  return errors
}

const PARTS: Readonly<Record<string, (version: Json, path: string) => FieldError[]>> = {
  schema: schemaErrors,
  subresources: ({ subresources }, path) =>
    subresources?.scale ? scaleErrors(subresources.scale, `${path}.scale`) : [],
  additionalPrinterColumns: ({ additionalPrinterColumns }, path) =>
    listOf(additionalPrinterColumns).flatMap((column, i) => columnErrors(column, `${path}[${i}]`)),
  selectableFields: ({ selectableFields, schema }, path) =>
    selectableErrors(listOf(selectableFields), schema?.openAPIV3Schema, path),
}

function isSet(part: Json): boolean {
  return Array.isArray(part) ? part.length > 0 : part !== undefined && part !== null
}

function schemaErrors(version: Json, path: string): FieldError[] {
  const schema = version.schema?.openAPIV3Schema
  if (schema === undefined || schema === null) return []
  const statusSubresource = Boolean(version.subresources?.status)
  return compileStructural(schema, `${path}.openAPIV3Schema`, { statusSubresource }).errors
}

function deprecationErrors(version: Json, field: string): FieldError[] {
  const warning: string | undefined = version.deprecationWarning
  if (warning === undefined || warning === null) return []
  const wrong: string[] = []
  if (version.deprecated !== true) wrong.push('can only be set for deprecated versions')
  else {
    if (byteLength(warning) > MAX_WARNING_BYTES) wrong.push('must be <= 256 characters long')
    if (warning === '') wrong.push('must not be an empty string')
    const at = warning.search(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u)
    if (at >= 0) {
      wrong.push(`must only contain printable UTF-8 characters; non-printable character found at index ${at}`)
    }
  }
  return wrong.map((why) => invalid(field, warning, why))
}

function scaleErrors(scale: Json, path: string): FieldError[] {
  const under = (name: string, roots: string[], optional: boolean): FieldError[] => {
    const value: string = scale[name] ?? ''
    const field = `${path}.${name}`
    if (value === '') return optional ? [] : [required(field)]
    if (!value.startsWith('.')) return [invalid(field, value, 'must be a simple json path starting with .')]
    if (roots.some((root) => value.startsWith(root))) return []
    const where = optional ? 'either .spec or .status' : roots[0]!.slice(0, -1)
    return [invalid(field, value, `should be a json path under ${where}`)]
  }
  return [
    ...under('specReplicasPath', ['.spec.'], false),
    ...under('statusReplicasPath', ['.status.'], false),
    ...under('labelSelectorPath', ['.spec.', '.status.'], true),
  ]
}

function columnErrors(column: Json, path: string): FieldError[] {
  const errors: FieldError[] = []
  const types = `must be one of ${COLUMN_TYPES.join(',')}`
  if (!column.name) errors.push(required(`${path}.name`))
  if (!column.type) errors.push(required(`${path}.type`, types))
  else if (!COLUMN_TYPES.includes(column.type)) errors.push(invalid(`${path}.type`, column.type, types))
  if (column.format && !COLUMN_FORMATS.includes(column.format)) {
    errors.push(invalid(`${path}.format`, column.format, `must be one of ${COLUMN_FORMATS.join(',')}`))
  }
  if (!column.jsonPath) errors.push(required(`${path}.JSONPath`))
  else if (!column.jsonPath.startsWith('.')) {
    errors.push(invalid(`${path}.JSONPath`, column.jsonPath, 'must be a simple json path starting with .'))
  }
  return errors
}

function selectableErrors(fields: Json[], schema: unknown, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (fields.length === 0 || !isJsonSchema(schema)) return errors
  const seen = new Set<string>()
  for (const [i, { jsonPath = '' }] of fields.entries()) {
    const field = `${path}[${i}].jsonPath`
    if (jsonPath === '') {
      errors.push(required(field))
      continue
    }
    const found = schemaAt(schema, jsonPath)
    if (typeof found === 'string') {
      errors.push(invalid(field, jsonPath, `is an invalid path: ${found}`))
      continue
    }
    if (/^\.metadata(\.|$)/.test(jsonPath)) {
      errors.push(invalid(field, jsonPath, 'must not point to fields in metadata'))
    }
    if (!['string', 'boolean', 'integer'].includes(found.type ?? '')) {
      const why =
        'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.'
      errors.push(invalid(field, jsonPath, why))
    }
    if (seen.has(jsonPath)) errors.push(duplicate(field, jsonPath))
    seen.add(jsonPath)
  }
  if (seen.size > MAX_SELECTABLE_FIELDS) errors.push(tooMany(path, seen.size, MAX_SELECTABLE_FIELDS))
  return errors
}

/** The schema of a plain dotted path, or what is wrong with the path. */
function schemaAt(root: JsonSchema, jsonPath: string): JsonSchema | string {
  if (!/^(\.[A-Za-z_][A-Za-z0-9_-]*)+$/.test(jsonPath)) return `expected [ or . but got: ${jsonPath}`
  let schema: JsonSchema = root
  for (const name of jsonPath.slice(1).split('.')) {
    const next: unknown = isJsonSchema(schema.properties) ? schema.properties[name] : undefined
    if (!isJsonSchema(next)) return `does not refer to a valid field`
    schema = next
  }
  return schema
}
