// ComponentStatus: the health of the control plane's parts; answered, never stored. Deprecated since 1.19.

import type { KubeObject } from '../../object.ts'
import { text } from '../cells.ts'
import { defineKind } from '../define.ts'

export const componentStatus = defineKind({
  group: '',
  version: 'v1',
  kind: 'ComponentStatus',
  plural: 'componentstatuses',
  shortNames: ['cs'],
  namespaced: false,
  verbs: ['get', 'list'],
  hasGeneration: false,
  stored: false,
  columns: [
    text('Status', statusCell),
    text('Message', (object) => healthy(object)?.message ?? ''),
    text('Error', (object) => healthy(object)?.error ?? ''),
  ],
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
})

function healthy(object: KubeObject): { status: string; message?: string; error?: string } | undefined {
  return object['conditions']?.find((condition: { type: string }) => condition.type === 'Healthy')
}

function statusCell(object: KubeObject): string {
  const condition = healthy(object)
  if (condition === undefined) return 'Unknown'
  return condition.status === 'True' ? 'Healthy' : 'Unhealthy'
}
