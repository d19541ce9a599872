// FlowSchema: which requests belong to which priority level.

import type { KubeObject } from '../../object.ts'
import { text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'
import { validateFlowSchema, validateStatusConditions } from './flow-schema-rules.ts'

export const flowSchema = defineKind({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'FlowSchema',
  plural: 'flowschemas',
  statusKeepsMetadata: 'all',
  namespaced: false,
  allowUnconditionalUpdate: false,
  columns: [
    text('PriorityLevel', (object) => object.spec?.priorityLevelConfiguration?.name),
    text('MatchingPrecedence', (object) => object.spec?.matchingPrecedence ?? 0),
    text('DistinguisherMethod', (object) => object.spec?.distinguisherMethod?.type ?? '<none>'),
    age,
    text('MissingPL', danglingCell),
  ],
  setDefaults({ spec }) {
    if (spec) spec.matchingPrecedence ||= DEFAULT_PRECEDENCE
  },
  validate: validateFlowSchema,
  validateStatusUpdate: validateStatusConditions,
})

function danglingCell(object: KubeObject): string {
  const conditions: { type: string; status: string }[] = object.status?.conditions ?? []
  return conditions.find(({ type }) => type === 'Dangling')?.status ?? '?'
}

const DEFAULT_PRECEDENCE = 1000
