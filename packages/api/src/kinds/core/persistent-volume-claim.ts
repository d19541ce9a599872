// PersistentVolumeClaim: a request for storage.

import type { KubeObject } from '../../object.ts'
import { accessModes, text, wide } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'
import { alignDataSources, setClaimSpecDefaults, validateClaimSpec } from './claim-spec.ts'
import { claimWarnings, validateClaimStatus, validateClaimUpdate } from './persistent-volume-claim-update.ts'
import { classOf } from './storage-class-of.ts'

export const persistentVolumeClaim = defineKind({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  hasGeneration: false,
  columns: [
    text('Status', (object) => (object.metadata.deletionTimestamp ? 'Terminating' : object.status?.phase)),
    text('Volume', (object) => object.spec?.volumeName),
    text('Capacity', (object) => (isBound(object) ? (object.status?.capacity?.storage ?? '0') : '')),
    text('Access Modes', (object) => (isBound(object) ? accessModes(object.status?.accessModes) : '')),
    text('StorageClass', classOf),
    text('VolumeAttributesClass', (object) => object.spec?.volumeAttributesClassName || '<unset>'),
    age,
    wide('VolumeMode', (object) => object.spec?.volumeMode ?? '<unset>'),
  ],
  setDefaults(object) {
    object.status ??= {}
    object.status.phase ||= 'Pending'
    if (object.spec) setClaimSpecDefaults(object.spec)
  },
  // Volume attributes classes are off by default in Kubernetes 1.32: the field is not kept.
  prepareForCreate(object) {
    object.status = { phase: 'Pending' }
    if (!object.spec) return
    delete object.spec.volumeAttributesClassName
    alignDataSources(object.spec)
  },
  prepareForUpdate(object, old) {
    if (!object.spec) return
    if (!old.spec?.volumeAttributesClassName) delete object.spec.volumeAttributesClassName
    alignDataSources(object.spec)
  },
  validate: (object) => validateClaimSpec(object.spec ?? {}, 'spec'),
  validateUpdate: validateClaimUpdate,
  validateStatusUpdate: validateClaimStatus,
  warnings: claimWarnings,
})

function isBound(object: KubeObject): boolean {
  return (object.spec?.volumeName ?? '') !== ''
}
