// The environment of a container: `env` and `envFrom`.

import { type FieldError, invalid, required } from '../../../field-error.ts'
import { named } from '../../../validate/fields.ts'
import { type Json, listOf } from '../../../validate/json.ts'
import { maskTrailingDash } from '../../../validate/metadata.ts'
import { isConfigMapKey, isDNS1123Subdomain, isRelaxedEnvVarName } from '../../../validate/names.ts'
import { ENV_FIELDS, validateFieldRef, validateResourceRef } from './field-refs.ts'

export function validateEnv(variables: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [i, variable] of listOf(variables).entries()) {
    const at = `${field}[${i}]`
    if (!variable.name) errors.push(required(`${at}.name`))
    else errors.push(...named(`${at}.name`, variable.name, isRelaxedEnvVarName))
    if (variable.valueFrom) errors.push(...validateValueFrom(variable, `${at}.valueFrom`))
  }
  return errors
}

export function validateEnvFrom(sources: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [i, source] of listOf(sources).entries()) {
    const at = `${field}[${i}]`
    if (source.prefix) errors.push(...named(`${at}.prefix`, source.prefix, isRelaxedEnvVarName))
    const given = ['configMapRef', 'secretRef'].filter((name) => source[name])
    for (const name of given) errors.push(...validateSourceName(source[name], `${at}.${name}`))
    if (given.length === 0) {
      errors.push(invalid(field, '', 'must specify one of: `configMapRef` or `secretRef`'))
    } else if (given.length > 1) {
      errors.push(invalid(field, '', 'may not have more than one field specified at a time'))
    }
  }
  return errors
}

function validateSourceName(source: Json, field: string): FieldError[] {
  if (!source.name) return [required(`${field}.name`)]
  return isDNS1123Subdomain(maskTrailingDash(source.name)).map((m) =>
    invalid(`${field}.name`, source.name, m),
  )
}

function validateValueFrom(variable: Json, field: string): FieldError[] {
  const from = variable.valueFrom
  const errors: FieldError[] = []
  let sources = 0
  if (from.fieldRef) {
    sources += 1
    errors.push(...validateFieldRef(from.fieldRef, ENV_FIELDS, `${field}.fieldRef`))
  }
  if (from.resourceFieldRef) {
    sources += 1
    errors.push(...validateResourceRef(from.resourceFieldRef, `${field}.resourceFieldRef`, false))
  }
  for (const name of ['configMapKeyRef', 'secretKeyRef']) {
    if (!from[name]) continue
    sources += 1
    errors.push(...validateKeyRef(from[name], `${field}.${name}`))
  }
  if (sources === 0) {
    const why = 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`'
    errors.push(invalid(field, '', why))
  } else if (variable.value) {
    errors.push(invalid(field, '', 'may not be specified when `value` is not empty'))
  } else if (sources > 1) {
    errors.push(invalid(field, '', 'may not have more than one field specified at a time'))
  }
  return errors
}

function validateKeyRef(ref: Json, field: string): FieldError[] {
  const errors = named(`${field}.name`, ref.name ?? '', isDNS1123Subdomain)
  if (!ref.key) errors.push(required(`${field}.key`))
  else errors.push(...named(`${field}.key`, ref.key, isConfigMapKey))
  return errors
}
