// ConfigMap: configuration as keys and values.

import { deepEqual } from '@brume/base/values'
import { type FieldError, forbiddenField, invalid, tooLong } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { base64Bytes } from '../../validate/bytes.ts'
import { named } from '../../validate/fields.ts'
import { byteLength, mapOf } from '../../validate/json.ts'
import { isConfigMapKey } from '../../validate/names.ts'
import { size, text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'

export const configMap = defineKind({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  columns: [text('Data', (object) => size(object['data']) + size(object['binaryData'])), age],
  validate: validateConfigMap,
  validateUpdate: (object, old) => keepsImmutable(object, old, ['data', 'binaryData']),
})

/** Bytes of all keys' values together, in ConfigMaps and Secrets. */
export const MAX_CONTENT_BYTES = 1024 * 1024

function validateConfigMap(object: KubeObject): FieldError[] {
  const data = mapOf(object['data'])
  const binary = mapOf(object['binaryData'])
  const errors: FieldError[] = []
  let bytes = 0
  for (const [key, value] of Object.entries(data)) {
    errors.push(...named(`data[${key}]`, key, isConfigMapKey))
    if (Object.hasOwn(binary, key)) {
      errors.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'))
    }
    bytes += byteLength(value)
  }
  for (const [key, value] of Object.entries(binary)) {
    errors.push(...named(`binaryData[${key}]`, key, isConfigMapKey))
    bytes += base64Bytes(value)
  }
  // The error is about the whole object; Kubernetes writes its empty path like this.
  if (bytes > MAX_CONTENT_BYTES) errors.push(tooLong('[]', MAX_CONTENT_BYTES))
  return errors
}

/** Once `immutable` is true it stays, and so does the content. */
export function keepsImmutable(object: KubeObject, old: KubeObject, fields: string[]): FieldError[] {
  if (old['immutable'] !== true) return []
  const why = 'field is immutable when `immutable` is set'
  const errors = object['immutable'] === true ? [] : [forbiddenField('immutable', why)]
  for (const field of fields) {
    if (!deepEqual(mapOf(object[field]), mapOf(old[field]))) errors.push(forbiddenField(field, why))
  }
  return errors
}
