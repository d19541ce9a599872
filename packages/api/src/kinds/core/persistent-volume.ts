// PersistentVolume: storage that exists, to be bound to one claim.

import type { KubeObject } from '../../object.ts'
import { accessModes, text, wide } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'
import {
  setVolumeDefaults,
  validateVolume,
  validateVolumeUpdate,
  volumeWarnings,
} from './persistent-volume-rules.ts'
import { classOf } from './storage-class-of.ts'

export const persistentVolume = defineKind({
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  shortNames: ['pv'],
  namespaced: false,
  hasGeneration: false,
  columns: [
    text('Capacity', (object) => object.spec?.capacity?.storage ?? ''),
    text('Access Modes', (object) => accessModes(object.spec?.accessModes)),
    text('Reclaim Policy', (object) => object.spec?.persistentVolumeReclaimPolicy),
    text('Status', (object) => (object.metadata.deletionTimestamp ? 'Terminating' : object.status?.phase)),
    text('Claim', claimCell),
    text('StorageClass', classOf),
    text('VolumeAttributesClass', (object) => object.spec?.volumeAttributesClassName || '<unset>'),
    text('Reason', (object) => object.status?.reason),
    age,
    wide('VolumeMode', (object) => object.spec?.volumeMode ?? '<unset>'),
  ],
  setDefaults: setVolumeDefaults,
  prepareForCreate(object) {
    object.status = { phase: 'Pending' }
    delete object.spec?.volumeAttributesClassName
  },
  prepareForUpdate(object, old) {
    if (!old.spec?.volumeAttributesClassName) delete object.spec?.volumeAttributesClassName
  },
  validate: validateVolume,
  validateUpdate: validateVolumeUpdate,
  warnings: volumeWarnings,
})

function claimCell(object: KubeObject): string {
  const ref = object.spec?.claimRef
  return ref ? `${ref.namespace}/${ref.name}` : ''
}
