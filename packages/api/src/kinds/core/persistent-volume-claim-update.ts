// A claim stays as it was made: only its size may grow, and the volume be named once.

import { compareQuantity } from '@brume/base/quantity'
import { deepClone } from '@brume/base/values'
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { named } from '../../validate/fields.ts'
import { IMMUTABLE_MESSAGE, immutable, semanticEqual } from '../../validate/immutable.ts'
import { type Json, listOf, mapOf } from '../../validate/json.ts'
import { isQualifiedName } from '../../validate/names.ts'
import { isNativeResource, isNegative, isWhole } from '../../validate/quantities.ts'
import { CLASS_ANNOTATION } from './storage-class-of.ts'

const RESIZE_STATUSES = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizePending',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
]

export function validateClaimUpdate(object: KubeObject, old: KubeObject): FieldError[] {
  const spec: Json = deepClone(object.spec ?? {})
  const before: Json = deepClone(old.spec ?? {})
  const errors: FieldError[] = []
  if (!before.volumeName) before.volumeName = spec.volumeName
  if (isClassFromAnnotation(object, old)) delete spec.storageClassName
  else {
    errors.push(...annotationStays(object, old))
    if (isClassFirstSet(object, old)) spec.storageClassName = before.storageClassName
  }
  const isBound = old.status?.phase === 'Bound'
  if (isBound && spec.resources?.requests)
    spec.resources.requests.storage = before.resources?.requests?.storage
  if (!semanticEqual(spec, before)) {
    const why =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
    errors.push(forbiddenField('spec', why))
  }
  return [
    ...errors,
    ...validateSize(object, old),
    ...immutable(object.spec?.volumeMode, old.spec?.volumeMode, 'volumeMode'),
  ]
}

/** A claim may shrink back to what failed to grow, never to what it has or below. */
function validateSize(object: KubeObject, old: KubeObject): FieldError[] {
  const size: string = object.spec?.resources?.requests?.storage ?? '0'
  const before: string = old.spec?.resources?.requests?.storage ?? '0'
  const actual: string = old.status?.capacity?.storage ?? '0'
  if (compareQuantity(size, before) >= 0 || compareQuantity(size, actual) > 0) return []
  const why = 'field can not be less than status.capacity'
  return [forbiddenField('spec.resources.requests.storage', why)]
}

const annotationOf = (object: KubeObject) => object.metadata.annotations?.[CLASS_ANNOTATION]
const classNameOf = (object: KubeObject): string | undefined => object.spec?.storageClassName ?? undefined

/** The class moves from the old annotation to the field of the same meaning. */
function isClassFromAnnotation(object: KubeObject, old: KubeObject): boolean {
  const before = annotationOf(old)
  if (before === undefined || classNameOf(old) !== undefined || classNameOf(object) !== before) return false
  return annotationOf(object) === undefined || annotationOf(object) === before
}

/** A class may be given later to a claim that had none. */
function isClassFirstSet(object: KubeObject, old: KubeObject): boolean {
  const name = classNameOf(object)
  if (name === undefined || classNameOf(old) !== undefined) return false
  return annotationOf(old) === undefined || annotationOf(old) === name
}

function annotationStays(object: KubeObject, old: KubeObject): FieldError[] {
  const value = annotationOf(object) ?? ''
  if (value === (annotationOf(old) ?? '')) return []
  return [invalid(`metadata.annotations.${CLASS_ANNOTATION}`, value, IMMUTABLE_MESSAGE)]
}

export function validateClaimStatus(object: KubeObject): FieldError[] {
  const errors: FieldError[] = []
  if (listOf(object.spec?.accessModes).length === 0) errors.push(required('Spec.accessModes'))
  errors.push(...validateAmounts(object.status?.capacity, 'status.capacity'))
  const statuses = 'status.allocatedResourceStatus'
  for (const [name, status] of Object.entries(mapOf(object.status?.allocatedResourceStatuses))) {
    errors.push(...validateResourceKey(name, statuses))
    if (!RESIZE_STATUSES.includes(status)) errors.push(notSupported(statuses, name, RESIZE_STATUSES))
  }
  for (const name of Object.keys(mapOf(object.status?.allocatedResources))) {
    errors.push(...validateResourceKey(name, 'status.allocatedResources'))
  }
  return [...errors, ...validateAmounts(object.status?.allocatedResources, 'status.allocatedResources')]
}

function validateResourceKey(name: string, field: string): FieldError[] {
  const errors = named(field, name, isQualifiedName)
  if (errors.length > 0 || !isNativeResource(name) || name === 'storage') return errors
  return [notSupported(field, name, ['storage'])]
}

function validateAmounts(amounts: Json, field: string): FieldError[] {
  return Object.entries(mapOf(amounts))
    .filter(([, amount]) => isNegative(amount))
    .map(([name, amount]) => invalid(`${field}[${name}]`, amount, 'must be a valid resource quantity'))
}

export function claimWarnings(object: KubeObject): string[] {
  const warnings = classAnnotationWarnings(object)
  const storage = object.spec?.resources?.requests?.storage
  return [...warnings, ...fractionalByteWarnings(storage, 'spec.resources.requests[storage]')]
}

export function classAnnotationWarnings(object: KubeObject): string[] {
  if (annotationOf(object) === undefined) return []
  return [
    `metadata.annotations[${CLASS_ANNOTATION}]: deprecated since v1.8; use "storageClassName" attribute instead`,
  ]
}

export function fractionalByteWarnings(storage: string | undefined, field: string): string[] {
  if (storage === undefined || isWhole(storage)) return []
  return [`${field}: fractional byte value "${storage}" is invalid, must be an integer`]
}
