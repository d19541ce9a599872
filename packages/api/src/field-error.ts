// field.Error of the Kubernetes API: what is wrong with one field. The wording is what a user of kubectl knows.

import { StatusError } from '@brume/base/errors'
import { stringifyJson } from '@brume/base/json'

/** As in metav1.CauseType (reasons of a Status cause). */
export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid'
  | 'InternalError'

export interface FieldError {
  type: FieldErrorType
  /** Path as Kubernetes writes it: `spec.containers[0].image`, `metadata.labels[a/b]`. */
  field: string
  /** Without the field path: `Required value: must specify ...`. */
  message: string
}

export const required = (field: string, detail = ''): FieldError => ({
  type: 'FieldValueRequired',
  field,
  message: withDetail('Required value', detail),
})

export const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  message: withDetail(`Invalid value: ${show(value)}`, detail),
})

export const duplicate = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueDuplicate',
  field,
  message: `Duplicate value: ${show(value)}`,
})

export const forbiddenField = (field: string, detail: string): FieldError => ({
  type: 'FieldValueForbidden',
  field,
  message: withDetail('Forbidden', detail),
})

export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError => ({
  type: 'FieldValueNotSupported',
  field,
  message: `Unsupported value: ${show(value)}: supported values: ${[...supported]
    .sort()
    .map((v) => JSON.stringify(v))
    .join(', ')}`,
})

/** The value itself is not shown, as in Kubernetes >= 1.31. */
export const tooLong = (field: string, maxLength: number): FieldError => ({
  type: 'FieldValueTooLong',
  field,
  message: `Too long: may not be more than ${maxLength} bytes`,
})

export const tooMany = (field: string, actual: number, max: number): FieldError => ({
  type: 'FieldValueTooMany',
  field,
  message: `Too many: ${actual}: must have at most ${max} items`,
})

export const typeInvalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueTypeInvalid',
  field,
  message: withDetail(`Invalid value: ${show(value)}`, detail),
})

export const notFoundField = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueNotFound',
  field,
  message: `Not found: ${show(value)}`,
})

/** 422 Invalid for an object, with one cause per field error. `errors` is not empty. */
export function invalidObject(
  of: { group: string; kind: string; name: string },
  errors: FieldError[],
): StatusError {
  const subject = of.group === '' ? of.kind : `${of.kind}.${of.group}`
  const lines = [...new Set(errors.map((e) => `${e.field}: ${e.message}`))]
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`
  return new StatusError('Invalid', `${subject} "${of.name}" is invalid: ${text}`, {
    ...(of.name === '' ? {} : { name: of.name }),
    ...(of.group === '' ? {} : { group: of.group }),
    ...(of.kind === '' ? {} : { kind: of.kind }),
    causes: errors.map((e) => ({ reason: e.type, message: e.message, field: e.field })),
  })
}

function withDetail(what: string, detail: string): string {
  return detail === '' ? what : `${what}: ${detail}`
}

function show(value: unknown): string {
  if (value === undefined || value === null) return 'null'
  return stringifyJson(value)
}
