// metadata of every object: what may be in it, and what an update may not touch (apimachinery's
// ValidateObjectMeta and ValidateObjectMetaUpdate).

import { type FieldError, forbiddenField, invalid, required, tooLong } from '../field-error.ts'
import type { KubeObject, ManagedFieldsEntry, OwnerReference } from '../object.ts'
import { named, nonnegative } from './fields.ts'
import { immutable } from './immutable.ts'
import { byteLength, listOf, mapOf } from './json.ts'
import { validateLabels } from './labels.ts'
import { isDNS1123Label, isDNS1123Subdomain, isQualifiedName } from './names.ts'

/** Keys and values of all annotations together, in bytes. */
export const MAX_ANNOTATIONS_BYTES = 256 * 1024
const MAX_MANAGER_BYTES = 128
const MAX_SUBRESOURCE_BYTES = 256

export interface MetadataRules {
  namespaced: boolean
  /** The rule for the name; default: a DNS-1123 subdomain. */
  validateName?: (name: string) => string[]
}

/** Names have been generated already; `metadata.namespace` has been set from the request. */
export function validateObjectMeta(object: KubeObject, rules: MetadataRules): FieldError[] {
  const meta = object.metadata
  const validateName = rules.validateName ?? isDNS1123Subdomain
  const errors: FieldError[] = []
  if (meta.generateName) {
    const masked = maskTrailingDash(meta.generateName)
    errors.push(...validateName(masked).map((m) => invalid('metadata.generateName', meta.generateName, m)))
  }
  if (!meta.name) errors.push(required('metadata.name', 'name or generateName is required'))
  else errors.push(...named('metadata.name', meta.name, validateName))
  errors.push(...validateNamespace(meta.namespace, rules.namespaced))
  errors.push(...nonnegative(meta.generation, 'metadata.generation'))
  errors.push(...validateLabels(meta.labels, 'metadata.labels'))
  errors.push(...validateAnnotations(meta.annotations, 'metadata.annotations'))
  errors.push(...validateOwnerReferences(listOf(meta.ownerReferences), 'metadata.ownerReferences'))
  errors.push(...validateFinalizers(listOf(meta.finalizers), 'metadata.finalizers'))
  errors.push(...validateManagedFields(listOf(meta.managedFields), 'metadata.managedFields'))
  return errors
}

/** `object` holds the resourceVersion that it replaces. */
export function validateObjectMetaUpdate(object: KubeObject, old: KubeObject): FieldError[] {
  const meta = object.metadata
  const before = old.metadata
  const errors: FieldError[] = []
  if (before.deletionTimestamp) {
    errors.push(...noNewFinalizers(listOf(meta.finalizers), listOf(before.finalizers)))
  }
  if (!meta.resourceVersion) {
    const why = 'must be specified for an update'
    errors.push(invalid('metadata.resourceVersion', meta.resourceVersion ?? '', why))
  }
  if ((meta.generation ?? 0) < (before.generation ?? 0)) {
    errors.push(invalid('metadata.generation', meta.generation ?? 0, 'must not be decremented'))
  }
  for (const name of [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ] as const) {
    if ((meta[name] ?? null) === (before[name] ?? null)) continue
    errors.push(...immutable(meta[name], before[name], `metadata.${name}`))
  }
  errors.push(...validateLabels(meta.labels, 'metadata.labels'))
  errors.push(...validateAnnotations(meta.annotations, 'metadata.annotations'))
  errors.push(...validateOwnerReferences(listOf(meta.ownerReferences), 'metadata.ownerReferences'))
  errors.push(...validateManagedFields(listOf(meta.managedFields), 'metadata.managedFields'))
  return errors
}

/** Keys as qualified names whatever their case, and the size of all together. */
export function validateAnnotations(
  annotations: Record<string, string> | null | undefined,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  let bytes = 0
  for (const [key, value] of Object.entries(mapOf(annotations))) {
    bytes += byteLength(key) + byteLength(value)
    for (const message of isQualifiedName(key.toLowerCase())) errors.push(invalid(field, key, message))
  }
  if (bytes > MAX_ANNOTATIONS_BYTES) errors.push(tooLong(field, MAX_ANNOTATIONS_BYTES))
  return errors
}

/** A trailing dash is fine in a prefix to which text is appended. */
export function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name
}

function validateNamespace(namespace: string | undefined, namespaced: boolean): FieldError[] {
  if (!namespaced) return namespace ? [forbiddenField('metadata.namespace', 'not allowed on this type')] : []
  if (!namespace) return [required('metadata.namespace')]
  return named('metadata.namespace', namespace, isDNS1123Label)
}

function validateOwnerReferences(references: OwnerReference[], field: string): FieldError[] {
  const errors: FieldError[] = []
  let controller = ''
  for (const reference of references) {
    errors.push(...validateOwnerReference(reference, field))
    if (reference.controller !== true) continue
    const current = `${reference.kind}/${reference.name}`
    if (controller !== '') {
      const why = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${current}`
      errors.push(invalid(field, references, why))
    } else controller = current
  }
  return errors
}

function validateOwnerReference(reference: OwnerReference, field: string): FieldError[] {
  const errors: FieldError[] = []
  const version = reference.apiVersion?.split('/') ?? ['']
  if (version.length > 2 || (version[1] ?? version[0]) === '') {
    errors.push(invalid(`${field}.apiVersion`, reference.apiVersion ?? '', 'version must not be empty'))
  }
  for (const name of ['kind', 'name', 'uid'] as const) {
    if (!reference[name]) errors.push(invalid(`${field}.${name}`, '', `${name} must not be empty`))
  }
  if (reference.apiVersion === 'v1' && reference.kind === 'Event') {
    errors.push(invalid(field, reference, '/v1, Kind=Event is disallowed from being an owner'))
  }
  return errors
}

function validateFinalizers(finalizers: string[], field: string): FieldError[] {
  const errors = finalizers.flatMap((finalizer) => named(field, finalizer, isQualifiedName))
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    const why = 'finalizer orphan and foregroundDeletion cannot be both set'
    errors.push(invalid(field, finalizers, why))
  }
  return errors
}

function noNewFinalizers(finalizers: string[], old: string[]): FieldError[] {
  const extra = [...new Set(finalizers)].filter((f) => !old.includes(f)).sort()
  if (extra.length === 0) return []
  const shown = `[]string{${extra.map((f) => JSON.stringify(f)).join(', ')}}`
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers ${shown}`
  return [forbiddenField('metadata.finalizers', why)]
}

function validateManagedFields(entries: ManagedFieldsEntry[], field: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [i, entry] of entries.entries()) {
    const at = `${field}[${i}]`
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
      errors.push(invalid(`${at}.operation`, entry.operation ?? '', 'must be `Apply` or `Update`'))
    }
    if (entry.fieldsType && entry.fieldsType !== 'FieldsV1') {
      errors.push(invalid(`${at}.fieldsType`, entry.fieldsType, 'must be `FieldsV1`'))
    }
    errors.push(...validateFieldManager(entry.manager ?? '', `${at}.manager`))
    if (byteLength(entry.subresource ?? '') > MAX_SUBRESOURCE_BYTES) {
      errors.push(tooLong(`${at}.subresource`, MAX_SUBRESOURCE_BYTES))
    }
  }
  return errors
}

/** The name of a field manager, in managedFields and in `?fieldManager=`. */
export function validateFieldManager(manager: string, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (byteLength(manager) > MAX_MANAGER_BYTES) errors.push(tooLong(field, MAX_MANAGER_BYTES))
  if (PLAIN.test(manager)) return errors
  let position = 0
  for (const character of manager) {
    if (!isPrintable(character)) {
      const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
      errors.push(invalid(field, manager, `invalid character U+${code} (at position ${position})`))
    }
    position += byteLength(character)
  }
  return errors
}

const PLAIN = /^[ -~]*$/

/** Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols and the ASCII space. */
function isPrintable(character: string): boolean {
  return character === ' ' || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character)
}
