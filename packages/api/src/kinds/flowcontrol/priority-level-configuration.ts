// PriorityLevelConfiguration: how many requests of one level run at once, and how the others wait.

import type { KubeObject } from '../../object.ts'
import { text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'
import { validateStatusConditions } from './flow-schema-rules.ts'
import { setLevelDefaults, validateLevel } from './priority-level-rules.ts'

export const priorityLevelConfiguration = defineKind({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'PriorityLevelConfiguration',
  plural: 'prioritylevelconfigurations',
  statusKeepsMetadata: 'all',
  namespaced: false,
  allowUnconditionalUpdate: false,
  columns: [
    text('Type', (object) => object.spec?.type),
    text('NominalConcurrencyShares', sharesCell),
    text('Queues', (object) => queuing(object, 'queues')),
    text('HandSize', (object) => queuing(object, 'handSize')),
    text('QueueLengthLimit', (object) => queuing(object, 'queueLengthLimit')),
    age,
  ],
  setDefaults: setLevelDefaults,
  validate: validateLevel,
  validateStatusUpdate: validateStatusConditions,
})

function sharesCell(object: KubeObject): number | string {
  return object.spec?.limited?.nominalConcurrencyShares ?? '<none>'
}

function queuing(object: KubeObject, field: string): number | string {
  return object.spec?.limited?.limitResponse?.queuing?.[field] ?? '<none>'
}
