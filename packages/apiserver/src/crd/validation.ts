// What makes a custom resource valid beyond its metadata: its type, its schema, its scale paths, its rules.

import { type FieldError, invalid } from '@brume/api/field-error'
import type { KubeObject } from '@brume/api/object'
import type { KindBehaviour, ScalePaths } from '@brume/api/resource'
import type { ObjectSchema } from '@brume/api/schema/schema'
import { typeOf } from '@brume/api/structural/json-value'
import { validateValue } from '@brume/api/structural/validate'
import type { CrdHooks } from './hooks.ts'

const MAX_INT32 = 2147483647

/** Errors after which rules would be judged on values that they do not expect. */
const BLOCKING: ReadonlySet<FieldError['type']> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
])
const RULES_NOT_CHECKED =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'

interface CustomKind {
  apiVersion: string
  kind: string
  declaredOf(): ObjectSchema
  scale: ScalePaths | undefined
}

export function customValidation(of: CustomKind, hooks: CrdHooks): NonNullable<KindBehaviour['validate']> {
  return (object, { old }) => {
    const wrongType = typeErrors(object, of)
    if (wrongType.length > 0) return wrongType
    const declared = of.declaredOf()
    const errors = [...validateValue(object, declared, '', old), ...scaleErrors(object, of.scale)]
    if (hooks.evaluateRules === undefined) return errors
    if (errors.some((error) => BLOCKING.has(error.type))) {
      return [...errors, invalid('<nil>', null, RULES_NOT_CHECKED)]
    }
    return [...errors, ...hooks.evaluateRules({ schema: declared, object, old })]
  }
}

function typeErrors(object: KubeObject, of: CustomKind): FieldError[] {
  const errors: FieldError[] = []
  if (object.kind !== of.kind) errors.push(invalid('kind', object.kind, `must be ${of.kind}`))
  if (object.apiVersion !== of.apiVersion) {
    errors.push(invalid('apiVersion', object.apiVersion, `must be ${of.apiVersion}`))
  }
  return errors
}

function scaleErrors(object: KubeObject, scale: ScalePaths | undefined): FieldError[] {
  if (scale === undefined) return []
  return [
    ...replicasErrors(object, scale.specReplicasPath),
    ...replicasErrors(object, scale.statusReplicasPath),
    ...selectorErrors(object, scale.labelSelectorPath),
  ]
}

function replicasErrors(object: KubeObject, path: string): FieldError[] {
  const value = valueAt(object, path)
  if (value === undefined) return []
  if (typeof value !== 'bigint' && !Number.isInteger(value)) {
    return [invalid(path, 0, accessorError(path, value, 'int64'))]
  }
  if ((value as number) < 0) return [invalid(path, value, 'should be a non-negative integer')]
  if ((value as number) > MAX_INT32) {
    return [invalid(path, value, `should be less than or equal to ${MAX_INT32}`)]
  }
  return []
}

function selectorErrors(object: KubeObject, path: string | undefined): FieldError[] {
  const value = path ? valueAt(object, path) : undefined
  if (path === undefined || value === undefined || typeof value === 'string') return []
  return [invalid(path, '', accessorError(path, value, 'string'))]
}

const GO_TYPES: Readonly<Record<string, string>> = {
  boolean: 'bool',
  number: 'float64',
  integer: 'int64',
  array: '[]interface {}',
  object: 'map[string]interface {}',
  null: '<nil>',
}

function accessorError(path: string, value: unknown, expected: string): string {
  const shown = typeof value === 'object' ? JSON.stringify(value) : String(value)
  const type = typeOf(value)
  return `${path} accessor error: ${shown} is of the type ${GO_TYPES[type] ?? type}, expected ${expected}`
}

/** A plain dotted path; scale paths are not JSONPath. */
function valueAt(object: KubeObject, path: string): unknown {
  let value: unknown = object
  for (const key of path.replace(/^\./, '').split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}
