// Rules for a PersistentVolume as a whole; those for its source have a file of their own.

import { deepClone } from '@brume/base/values'
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { optionalOneOf } from '../../validate/choices.ts'
import { named } from '../../validate/fields.ts'
import { IMMUTABLE_MESSAGE, immutable, semanticEqual } from '../../validate/immutable.ts'
import { type Json, listOf, mapOf } from '../../validate/json.ts'
import { isDNS1123Subdomain } from '../../validate/names.ts'
import { currentNodeLabel, nodeSelectorWarnings } from '../../validate/node-labels.ts'
import { positiveQuantity } from '../../validate/quantities.ts'
import { VOLUME_MODES, validateAccessModes } from './claim-spec.ts'
import { classAnnotationWarnings, fractionalByteWarnings } from './persistent-volume-claim-update.ts'
import { setSourceDefaults, sourcesOf, validateSource } from './persistent-volume-source.ts'
import { validateNodeSelector } from './pod/affinity.ts'

const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain']
const DEPRECATED_SOURCES: Readonly<Record<string, string>> = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
}

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
  if (semanticEqual(object.spec?.nodeAffinity, withCurrentLabels(object, old))) return errors
  const why = `${IMMUTABLE_MESSAGE}, except for updating from beta label to GA`
  return [...errors, invalid('nodeAffinity', object.spec?.nodeAffinity, why)]
}

/** The old affinity, with newer names for the labels where the new one has them. */
function withCurrentLabels(object: KubeObject, old: KubeObject): Json {
  const affinity: Json = deepClone(old.spec?.nodeAffinity)
  for (const [i, term] of listOf(affinity?.required?.nodeSelectorTerms).entries()) {
    for (const [j, expression] of listOf(term.matchExpressions).entries()) {
      const terms = object.spec?.nodeAffinity?.required?.nodeSelectorTerms
      const key = terms?.[i]?.matchExpressions?.[j]?.key
      if (key === currentNodeLabel(expression.key ?? '')) expression.key = key
    }
  }
  return affinity
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
  const spec: Json = object.spec ?? {}
  const warnings = listOf(spec.nodeAffinity?.required?.nodeSelectorTerms).flatMap((term, i) =>
    nodeSelectorWarnings(term, `spec.nodeAffinity.required.nodeSelectorTerms[${i}]`),
  )
  warnings.push(...classAnnotationWarnings(object))
  if (spec.persistentVolumeReclaimPolicy === 'Recycle') {
    warnings.push(
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
    )
  }
  for (const [source, why] of Object.entries(DEPRECATED_SOURCES)) {
    if (spec[source]) warnings.push(`spec.${source === 'storageos' ? 'storageOS' : source}: ${why}`)
  }
  return [...warnings, ...fractionalByteWarnings(spec.capacity?.storage, 'spec.capacity[storage]')]
}
