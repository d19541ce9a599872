// PriorityClass: how important a pod is.

import { boolean, integer, text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'

export const priorityClass = defineKind({
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  shortNames: ['pc'],
  namespaced: false,
  hasGeneration: true,
  columns: [
    integer('Value', (object) => object['value']),
    boolean('Global-Default', (object) => object['globalDefault'] ?? false),
    age,
    text('PreemptionPolicy', (object) => object['preemptionPolicy'] ?? ''),
  ],
})
