// ReplicaSet: keeps a number of equal pods running.

import { nonnegative } from '../../validate/fields.ts'
import { integer } from '../cells.ts'
import { age } from '../columns.ts'
import { defaultPodTemplate } from '../core/pod/defaults.ts'
import { defineKind } from '../define.ts'
import { containerColumns, selectorColumn } from '../workload-cells.ts'
import {
  validateCounts,
  validateReplicaTemplate,
  validateSelector,
  validateSelectorUnchanged,
  workloadWarnings,
} from '../workload-rules.ts'
import { structuredScale } from './scale-paths.ts'

const COUNTS = [
  'replicas',
  'fullyLabeledReplicas',
  'readyReplicas',
  'availableReplicas',
  'observedGeneration',
]
const BOUNDED = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas']

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
  validate: (object) => [
    ...nonnegative(object['spec'].replicas, 'spec.replicas'),
    ...nonnegative(object['spec'].minReadySeconds, 'spec.minReadySeconds'),
    ...validateSelector(object['spec'], 'deployment'),
    ...validateReplicaTemplate(object['spec']),
  ],
  validateUpdate: validateSelectorUnchanged,
  validateStatusUpdate: (object) => validateCounts(object['status'], COUNTS, BOUNDED),
  warnings: workloadWarnings,
})
