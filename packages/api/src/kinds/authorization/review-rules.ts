// What an access review must ask: about a resource or about a path, of somebody.

import { type FieldError, forbiddenField, invalid, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { type Json, listOf, mapOf } from '../../validate/json.ts'
import { validateLabelSelector } from '../../validate/labels.ts'

/** What the client may set; the server adds the rest before it validates. */
const CLIENT_METADATA = ['name', 'generateName', 'labels', 'annotations', 'finalizers', 'ownerReferences']

export function validateSubjectReview(object: KubeObject): FieldError[] {
  return [
    ...validateSubject(object.spec ?? {}),
    ...validateQuestion(object.spec ?? {}),
    ...isBare(object, ''),
  ]
}

export function validateSelfReview(object: KubeObject): FieldError[] {
  return [...validateQuestion(object.spec ?? {}), ...isBare(object, '')]
}

export function validateLocalReview(object: KubeObject): FieldError[] {
  const spec: Json = object.spec ?? {}
  const errors = [
    ...validateSubject(spec),
    ...validateQuestion(spec),
    ...isBare(object, ' except for namespace'),
  ]
  const namespace: string = spec.resourceAttributes?.namespace ?? ''
  if (spec.resourceAttributes && namespace !== (object.metadata.namespace ?? '')) {
    errors.push(invalid('spec.resourceAttributes.namespace', namespace, 'must match metadata.namespace'))
  }
  if (spec.nonResourceAttributes) {
    const why = 'disallowed on this kind of request'
    errors.push(invalid('spec.nonResourceAttributes', spec.nonResourceAttributes, why))
  }
  return errors
}

function validateSubject(spec: Json): FieldError[] {
  if (spec.user || listOf(spec.groups).length > 0) return []
  return [invalid('spec.user', spec.user ?? '', 'at least one of user or group must be specified')]
}

function validateQuestion(spec: Json): FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = spec
  const errors: FieldError[] = []
  if (resourceAttributes && nonResourceAttributes) {
    const why = 'cannot be specified in combination with resourceAttributes'
    errors.push(invalid('spec.nonResourceAttributes', nonResourceAttributes, why))
  }
  if (!resourceAttributes && !nonResourceAttributes) {
    const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
    errors.push(invalid('spec.resourceAttributes', null, why))
  }
  if (!resourceAttributes) return errors
  return [
    ...errors,
    ...validateSelector(resourceAttributes.fieldSelector, 'spec.resourceAttributes.fieldSelector'),
    ...validateSelector(resourceAttributes.labelSelector, 'spec.resourceAttributes.labelSelector'),
  ]
}

/** Raw text or requirements, not both. Operators that the server does not know are let through. */
function validateSelector(selector: Json, field: string): FieldError[] {
  if (!selector) return []
  const requirements = listOf(selector.requirements)
  if (selector.rawSelector && requirements.length > 0) {
    return [forbiddenField(`${field}.rawSelector`, 'may not specified at the same time as requirements')]
  }
  if (!selector.rawSelector && requirements.length === 0) {
    return [
      required(
        `${field}.requirements`,
        `when ${field} is specified, requirements or rawSelector is required`,
      ),
    ]
  }
  if (!field.endsWith('labelSelector')) return []
  const rules = { allowUnknownOperator: true }
  return validateLabelSelector({ matchExpressions: requirements }, field, rules).map((error) => ({
    ...error,
    field: error.field.replace('.matchExpressions', '.requirements'),
  }))
}

function isBare(object: KubeObject, except: string): FieldError[] {
  const meta: Record<string, unknown> = { ...object.metadata }
  const isSet = (field: string) =>
    typeof meta[field] === 'string' ? meta[field] !== '' : Object.keys(mapOf(meta[field])).length > 0
  if (!CLIENT_METADATA.some(isSet)) return []
  return [invalid('metadata', object.metadata, `must be empty${except}`)]
}
