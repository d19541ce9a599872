// Rules for v1 Events: lenient for the old form, strict for what carries an eventTime.

import { type FieldError, invalid, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { named } from '../../validate/fields.ts'
import { byteLength } from '../../validate/json.ts'
import { isDNS1123Subdomain, isQualifiedName } from '../../validate/names.ts'

const MAX_WORD = 128
const MAX_NOTE = 1024

export function validateStoredEvent(object: KubeObject): FieldError[] {
  return validateLegacyEvent(object, 'reportingComponent')
}

/** `controllerField`: what the version at hand calls the reporting controller. `object` is in v1. */
export function validateLegacyEvent(object: KubeObject, controllerField: string): FieldError[] {
  const errors = object['eventTime'] ? validateModern(object, controllerField) : validateNamespaces(object)
  const { namespace = '' } = object.metadata
  return [...errors, ...named('namespace', namespace, isDNS1123Subdomain)]
}

/** Events about objects without a namespace are in `default`. */
function validateNamespaces(object: KubeObject): FieldError[] {
  const { namespace = '' } = object.metadata
  const involved: string = object['involvedObject']?.namespace ?? ''
  const fits = involved === '' ? namespace === '' || namespace === 'default' : involved === namespace
  return fits ? [] : [invalid('involvedObject.namespace', involved, 'does not match event.namespace')]
}

function validateModern(object: KubeObject, controllerField: string): FieldError[] {
  const errors: FieldError[] = []
  const { namespace = '' } = object.metadata
  const involved: string = object['involvedObject']?.namespace ?? ''
  if (involved === '' && namespace !== 'default' && namespace !== 'kube-system') {
    errors.push(invalid('involvedObject.namespace', involved, 'does not match event.namespace'))
  }
  const controller: string = object['reportingComponent'] ?? ''
  if (controller === '') errors.push(required(controllerField))
  errors.push(...named(controllerField, controller, isQualifiedName))
  for (const field of ['reportingInstance', 'action', 'reason']) {
    const text: string = object[field] ?? ''
    if (text === '') errors.push(required(field))
    if (byteLength(text) > MAX_WORD)
      errors.push(invalid(field, '', `can have at most ${MAX_WORD} characters`))
  }
  if (byteLength(object['message'] ?? '') > MAX_NOTE) {
    errors.push(invalid('message', '', `can have at most ${MAX_NOTE} characters`))
  }
  return errors
}
