// StorageClass: how volumes of a class are made.

import type { KubeObject } from '../../object.ts'
import { listOf } from '../../validate/json.ts'
import { nodeLabelMessage } from '../../validate/node-labels.ts'
import { text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'
import {
  setStorageClassDefaults,
  validateStorageClass,
  validateStorageClassUpdate,
} from './storage-class-rules.ts'

const DEFAULT_ANNOTATIONS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
]

export const storageClass = defineKind({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  shortNames: ['sc'],
  namespaced: false,
  allColumns: [
    { name: 'Name', type: 'string', format: 'name', cell: nameCell },
    text('Provisioner', (object) => object['provisioner']),
    text('ReclaimPolicy', (object) => object['reclaimPolicy'] ?? 'Delete'),
    text('VolumeBindingMode', (object) => object['volumeBindingMode'] ?? 'Immediate'),
    text('AllowVolumeExpansion', (object) => object['allowVolumeExpansion'] ?? false),
    age,
  ],
  setDefaults: setStorageClassDefaults,
  validate: validateStorageClass,
  validateUpdate: validateStorageClassUpdate,
  warnings: (object) =>
    listOf(object['allowedTopologies']).flatMap((term, i) =>
      listOf(term.matchLabelExpressions).flatMap(({ key = '' }, j) => {
        const message = nodeLabelMessage(key)
        return message
          ? [`allowedTopologies[${i}].matchLabelExpressions[${j}].key: ${key} is ${message}`]
          : []
      }),
    ),
})

function nameCell(object: KubeObject): string {
  const { name = '', annotations = {} } = object.metadata
  const isDefault = DEFAULT_ANNOTATIONS.some((annotation) => annotations[annotation] === 'true')
  return isDefault ? `${name} (default)` : name
}
