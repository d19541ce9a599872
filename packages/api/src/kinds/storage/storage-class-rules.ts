// Defaults and rules of a StorageClass. How volumes are made does not change once the class exists.

import { duplicate, type FieldError, forbiddenField, invalid, required, tooLong } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { optionalOneOf } from '../../validate/choices.ts'
import { named, oneOf } from '../../validate/fields.ts'
import { immutable, semanticEqual } from '../../validate/immutable.ts'
import { byteLength, type Json, listOf, mapOf } from '../../validate/json.ts'
import { isQualifiedName } from '../../validate/names.ts'

const MAX_PARAMETERS = 512
const MAX_PARAMETER_BYTES = 256 * 1024

export function setStorageClassDefaults(object: KubeObject): void {
  object['reclaimPolicy'] ??= 'Delete'
  object['volumeBindingMode'] ??= 'Immediate'
}

export function validateStorageClass(object: KubeObject): FieldError[] {
  const provisioner: string = object['provisioner'] ?? ''
  return [
    ...(provisioner === '' ? [required('provisioner', provisioner)] : []),
    ...(provisioner === '' ? [] : named('provisioner', provisioner.toLowerCase(), isQualifiedName)),
    ...validateParameters(mapOf(object['parameters'])),
    ...optionalOneOf('reclaimPolicy', object['reclaimPolicy'], ['Delete', 'Retain']),
    ...oneOf('volumeBindingMode', object['volumeBindingMode'], ['Immediate', 'WaitForFirstConsumer']),
    ...validateTopologies(listOf(object['allowedTopologies'])),
  ]
}

function validateParameters(parameters: Record<string, string>): FieldError[] {
  const entries = Object.entries(parameters)
  if (entries.length > MAX_PARAMETERS) return [tooLong('parameters', MAX_PARAMETERS)]
  const errors: FieldError[] = []
  if (Object.hasOwn(parameters, '')) errors.push(invalid('parameters', '', 'field can not be empty.'))
  const bytes = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0)
  if (bytes > MAX_PARAMETER_BYTES) errors.push(tooLong('parameters', MAX_PARAMETER_BYTES))
  return errors
}

function validateTopologies(terms: Json[]): FieldError[] {
  const seen = new Set<string>()
  return terms.flatMap((term, i) => {
    const field = `allowedTopologies[${i}].matchLabelExpressions`
    const errors = validateTerm(listOf(term.matchLabelExpressions), field)
    const key = JSON.stringify(
      listOf(term.matchLabelExpressions)
        .map(({ key, values }) => [key, [...listOf(values)].sort()])
        .sort(),
    )
    if (seen.has(key)) errors.push(duplicate(field, ''))
    seen.add(key)
    return errors
  })
}

function validateTerm(expressions: Json[], field: string): FieldError[] {
  const keys = new Set<string>()
  return expressions.flatMap(({ key = '', values }, i) => {
    const at = `${field}[${i}]`
    const errors = named(`${at}.key`, key, isQualifiedName)
    if (listOf(values).length === 0) errors.push(required(`${at}.values`))
    for (const [j, value] of listOf(values).entries()) {
      if (listOf(values).indexOf(value) < j) errors.push(duplicate(`${at}.values[${j}]`, value))
    }
    if (keys.has(key)) errors.push(duplicate(`${at}.key`, key))
    keys.add(key)
    return errors
  })
}

export function validateStorageClassUpdate(object: KubeObject, old: KubeObject): FieldError[] {
  const errors: FieldError[] = []
  for (const field of ['parameters', 'provisioner', 'reclaimPolicy']) {
    if (semanticEqual(object[field], old[field])) continue
    errors.push(forbiddenField(field, `updates to ${field} are forbidden.`))
  }
  return [...errors, ...immutable(object['volumeBindingMode'], old['volumeBindingMode'], 'volumeBindingMode')]
}
