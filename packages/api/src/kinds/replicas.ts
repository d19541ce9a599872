// What ReplicaSets and their forerunners, ReplicationControllers, have in common: a number of equal pods.

import type { KubeObject } from '../object.ts'
import type { Column } from '../resource.ts'
import { integer } from './cells.ts'
import { age } from './columns.ts'
import type { KindSource } from './define.ts'
import { containerColumns } from './workload-cells.ts'
import { validateCounts, workloadWarnings } from './workload-rules.ts'

const COUNTS = [
  'replicas',
  'fullyLabeledReplicas',
  'readyReplicas',
  'availableReplicas',
  'observedGeneration',
]
const BOUNDED = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas']

export const replicas: Partial<KindSource> = {
  categories: ['all'],
  selectableFields: { 'status.replicas': (object: KubeObject) => String(object['status']?.replicas ?? 0) },
  prepareForCreate(object) {
    object['status'] = { replicas: 0 }
  },
  prepareForUpdate(object, old) {
    object['status'] = old['status']
  },
  validateStatusUpdate: (object) => validateCounts(object['status'], COUNTS, BOUNDED),
  warnings: workloadWarnings,
}

export function replicaColumns(selector: Column): readonly Column[] {
  return [
    integer('Desired', (object) => object['spec']?.replicas ?? 0),
    integer('Current', (object) => object['status']?.replicas ?? 0),
    integer('Ready', (object) => object['status']?.readyReplicas ?? 0),
    age,
    ...containerColumns(),
    selector,
  ]
}
