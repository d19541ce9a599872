// Warnings on writes of a CRD: formats that nothing checks, and what is kept and not acted upon.

import type { KubeObject } from '../../object.ts'
import { knownFormat } from '../../structural/formats.ts'
import { childSchemas, isJsonSchema, isTooDeep, type JsonSchema } from '../../structural/json-schema.ts'
import { NOT_ENFORCED, warnsThat } from '../not-enforced.ts'

/** Those that the update brings with it. */
export function crdWarnings(crd: KubeObject, old: KubeObject | undefined): string[] {
  const before = new Set(old === undefined ? [] : unknownFormats(old))
  const formats = [...new Set(unknownFormats(crd))]
    .filter((format) => !before.has(format))
    .map((format) => `unrecognized format ${JSON.stringify(format)}`)
  return [...formats, ...rulesWarning(crd, old), ...conversionWarning(crd, old)]
}

const rulesWarning = warnsThat(NOT_ENFORCED.celRules, (crd) => rootSchemas(crd).some(hasRules))
const conversionWarning = warnsThat(
  NOT_ENFORCED.conversion,
  ({ spec }) => spec?.conversion?.strategy === 'Webhook',
)

function unknownFormats(crd: KubeObject): string[] {
  return rootSchemas(crd).flatMap(formatsIn)
}

function rootSchemas(crd: KubeObject): JsonSchema[] {
  const versions: { schema?: { openAPIV3Schema?: unknown } }[] = crd['spec']?.versions ?? []
  return versions.flatMap(({ schema }) => {
    const root = schema?.openAPIV3Schema
    return isJsonSchema(root) && !isTooDeep(root) ? [root] : []
  })
}

function hasRules(schema: JsonSchema): boolean {
  const rules = schema['x-kubernetes-validations']
  if (Array.isArray(rules) && rules.length > 0) return true
  return childSchemas(schema, '').some((child) => hasRules(child.schema))
}

function formatsIn(schema: JsonSchema): string[] {
  const below = childSchemas(schema, '').flatMap((child) => formatsIn(child.schema))
  const { format } = schema
  return typeof format !== 'string' || format === '' || isKnown(format, schema.type)
    ? below
    : [format, ...below]
}

function isKnown(format: string, type: string | undefined): boolean {
  if (type === undefined || type === '' || type === 'string') return knownFormat(format) !== undefined
  if (type === 'integer') return format === 'int32' || format === 'int64'
  return type === 'number' && (format === 'float' || format === 'double')
}
