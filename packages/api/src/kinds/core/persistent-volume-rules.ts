// Rules for a PersistentVolume as a whole; those for its source have a file of their own.

import { type FieldError, forbiddenField, notSupported, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { optionalOneOf } from '../../validate/choices.ts'
import { named } from '../../validate/fields.ts'
import { IMMUTABLE_MESSAGE, immutable, semanticEqual } from '../../validate/immutable.ts'
import { type Json, listOf, mapOf } from '../../validate/json.ts'
import { isDNS1123Subdomain } from '../../validate/names.ts'
import { positiveQuantity } from '../../validate/quantities.ts'
import { VOLUME_MODES, validateAccessModes } from './claim-spec.ts'
import { classAnnotationWarnings, fractionalByteWarnings } from './persistent-volume-claim-update.ts'
import { setSourceDefaults, sourcesOf, validateSource } from './persistent-volume-source.ts'
import { validateNodeSelector } from './pod/affinity.ts'

const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain']

export function setVolumeDefaults(object: KubeObject): void {
  object.status ??= {}
  object.status.phase ||= 'Pending'
  if (!object.spec) return
  object.spec.persistentVolumeReclaimPolicy ||= 'Retain'
  object.spec.volumeMode ??= 'Filesystem'
  setSourceDefaults(object.spec)
}

export function validateVolume(object: KubeObject): FieldError[] {
  const spec: Json = object.spec ?? {}
  const errors: FieldError[] = []
  if (listOf(spec.accessModes).length === 0) errors.push(required('spec.accessModes'))
  errors.push(...validateAccessModes(listOf(spec.accessModes), 'spec.accessModes'))
  errors.push(...validateCapacity(mapOf(spec.capacity)))
  const policy = 'spec.persistentVolumeReclaimPolicy'
  errors.push(...optionalOneOf(policy, spec.persistentVolumeReclaimPolicy, RECLAIM_POLICIES))
  errors.push(...validateNodeAffinity(spec.nodeAffinity, 'spec.nodeAffinity'))
  errors.push(...validateSources(object))
  const isRoot = spec.hostPath && /^(\/+(\.\/*)*)+$/.test(spec.hostPath.path ?? '')
  if (isRoot && spec.persistentVolumeReclaimPolicy === 'Recycle') {
    errors.push(forbiddenField(policy, "may not be 'recycle' for a hostPath mount of '/'"))
  }
  if (spec.storageClassName) {
    errors.push(...named('spec.storageClassName', spec.storageClassName, isDNS1123Subdomain))
  }
  return [...errors, ...optionalOneOf('spec.volumeMode', spec.volumeMode, VOLUME_MODES)]
}

function validateCapacity(capacity: Record<string, string>): FieldError[] {
  const errors: FieldError[] = []
  const names = Object.keys(capacity)
  if (names.length === 0) errors.push(required('spec.capacity'))
  if (capacity['storage'] === undefined || names.length > 1) {
    errors.push(notSupported('spec.capacity', capacity, ['storage']))
  }
  for (const name of names) errors.push(...positiveQuantity(capacity[name]!, `spec.capacity[${name}]`))
  return errors
}

function validateNodeAffinity(affinity: Json, field: string): FieldError[] {
  if (!affinity) return []
  if (!affinity.required) return [required(`${field}.required`, 'must specify required node constraints')]
  return validateNodeSelector(affinity.required, `${field}.required`)
}

function validateSources(object: KubeObject): FieldError[] {
  const spec: Json = object.spec ?? {}
  const [first, ...others] = sourcesOf(spec)
  if (first === undefined) return [required('spec', 'must specify a volume type')]
  const errors = validateSource(first, spec, object.metadata.name ?? '')
  for (const name of others) {
    errors.push(forbiddenField(`spec.${name}`, 'may not specify more than 1 volume type'))
  }
  if (first === 'local' && listOf(spec.nodeAffinity?.required?.nodeSelectorTerms).length === 0) {
    errors.push(required('spec.nodeAffinity', 'Local volume requires node affinity'))
  }
  return errors
}

/** The source never changes; the secret for growing a CSI volume may be added, node affinity may be set once. */
export function validateVolumeUpdate(object: KubeObject, old: KubeObject): FieldError[] {
  const errors: FieldError[] = []
  if (!semanticEqual(sourceOf(object, old), sourceOf(old, old))) {
    const why = 'spec.persistentvolumesource is immutable after creation'
    errors.push(forbiddenField('spec.persistentvolumesource', why))
  }
  errors.push(...immutable(object.spec?.volumeMode, old.spec?.volumeMode, 'volumeMode'))
  if (!old.spec?.nodeAffinity) return errors
  const affinity = immutable(object.spec?.nodeAffinity, old.spec.nodeAffinity, 'nodeAffinity')
  return errors.concat(
    affinity.map((error) => ({
      ...error,
      message: error.message.replace(
        IMMUTABLE_MESSAGE,
        `${IMMUTABLE_MESSAGE}, except for updating from beta label to GA`,
      ),
    })),
  )
}

function sourceOf(object: KubeObject, old: KubeObject): Record<string, Json> {
  const spec: Json = object.spec ?? {}
  const source = Object.fromEntries(sourcesOf(spec).map((name) => [name, spec[name]]))
  if (source['csi'] && !old.spec?.csi?.controllerExpandSecretRef) {
    const { controllerExpandSecretRef: _, ...rest } = source['csi']
    source['csi'] = rest
  }
  return source
}

export function volumeWarnings(object: KubeObject): string[] {
  const warnings = classAnnotationWarnings(object)
  if (object.spec?.persistentVolumeReclaimPolicy === 'Recycle') {
    warnings.push(
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
    )
  }
  return [...warnings, ...fractionalByteWarnings(object.spec?.capacity?.storage, 'spec.capacity[storage]')]
}
