// ResourceQuota: how much a namespace may use in all.

import type { KubeObject } from '../../object.ts'
import { text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'
import {
  validateQuotaStatus,
  validateResourceQuota,
  validateScopesStay,
} from './resource-quota-validation.ts'

export const resourceQuota = defineKind({
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  shortNames: ['quota'],
  hasGeneration: false,
  columns: [
    text('Request', (object) => used(object, false)),
    text('Limit', (object) => used(object, true)),
    age,
  ],
  validate: validateResourceQuota,
  validateUpdate: validateScopesStay,
  validateStatusUpdate: validateQuotaStatus,
})

/** `pods: 1/10, requests.cpu: 1/2`: of the limits, or of everything else. */
function used(object: KubeObject, limits: boolean): string {
  const hard: Record<string, string> = object.status?.hard ?? {}
  return Object.keys(hard)
    .filter((name) => name.startsWith('limits.') === limits)
    .sort()
    .map((name) => `${name}: ${object.status?.used?.[name] ?? '0'}/${hard[name]}`)
    .join(', ')
}
