// PersistentVolumeClaim: a request for storage.

import type { KubeObject } from '../../object.ts'
import { accessModes, text, wide } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'
import { classOf } from './persistent-volume.ts'

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
})

function isBound(object: KubeObject): boolean {
  return (object.spec?.volumeName ?? '') !== ''
}
