// ReplicaSet: keeps a number of equal pods running.

import { integer } from '../cells.ts'
import { age } from '../columns.ts'
import { defaultPodTemplate } from '../core/pod/defaults.ts'
import { defineKind } from '../define.ts'
import { containerColumns, selectorColumn } from '../workload-cells.ts'
import { structuredScale } from './scale-paths.ts'

export const replicaSet = defineKind({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  scale: structuredScale,
  columns: [
    integer('Desired', (object) => object['spec']?.replicas ?? 0),
    integer('Current', (object) => object['status']?.replicas ?? 0),
    integer('Ready', (object) => object['status']?.readyReplicas ?? 0),
    age,
    ...containerColumns(),
    selectorColumn,
  ],
  selectableFields: { 'status.replicas': (object) => String(object['status']?.replicas ?? 0) },
  setDefaults(object) {
    object['spec'] ??= {}
    object['spec'].replicas ??= 1
    defaultPodTemplate(object['spec'].template)
  },
  prepareForCreate(object) {
    object['status'] = { replicas: 0 }
  },
  prepareForUpdate(object, old) {
    object['status'] = old['status']
  },
})
