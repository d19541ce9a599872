// Node: a machine that runs pods.

import type { KubeObject } from '../../object.ts'
import { text, wide } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'
import { syncPodCIDRs, validateNode, validateNodeStatus, validateNodeUpdate } from './node-validation.ts'

const ROLE_PREFIX = 'node-role.kubernetes.io/'

export const node = defineKind({
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  shortNames: ['no'],
  namespaced: false,
  hasGeneration: false,
  subresources: [
    { name: 'proxy', kind: 'NodeProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
  ],
  columns: [
    text('Status', statusCell),
    text('Roles', rolesCell),
    age,
    text('Version', (object) => object.status?.nodeInfo?.kubeletVersion),
    wide('Internal-IP', (object) => addressOf(object, 'InternalIP')),
    wide('External-IP', (object) => addressOf(object, 'ExternalIP')),
    wide('OS-Image', (object) => object.status?.nodeInfo?.osImage || '<unknown>'),
    wide('Kernel-Version', (object) => object.status?.nodeInfo?.kernelVersion || '<unknown>'),
    wide('Container-Runtime', (object) => object.status?.nodeInfo?.containerRuntimeVersion || '<unknown>'),
  ],
  selectableFields: { 'spec.unschedulable': (object) => String(object.spec?.unschedulable === true) },
  keepsStatusOnCreate: true,
  setDefaults(object) {
    syncPodCIDRs(object)
    if (object.status?.capacity && !object.status.allocatable) {
      object.status.allocatable = { ...object.status.capacity }
    }
  },
  validate: validateNode,
  validateUpdate: validateNodeUpdate,
  validateStatusUpdate: (object, old) => [...validateNodeStatus(object), ...validateNodeUpdate(object, old)],
  warnings: nodeWarnings,
})

function statusCell(object: KubeObject): string {
  const ready = object.status?.conditions?.find((condition: { type: string }) => condition.type === 'Ready')
  const parts = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady']
  if (object.spec?.unschedulable === true) parts.push('SchedulingDisabled')
  return parts.join(',')
}

function rolesCell(object: KubeObject): string {
  const roles = new Set<string>()
  for (const [key, value] of Object.entries(object.metadata.labels ?? {})) {
    if (key.startsWith(ROLE_PREFIX) && key.length > ROLE_PREFIX.length)
      roles.add(key.slice(ROLE_PREFIX.length))
    if (key === 'kubernetes.io/role' && value !== '') roles.add(value)
  }
  return roles.size === 0 ? '<none>' : [...roles].sort().join(',')
}

function addressOf(object: KubeObject, type: string): string {
  const found = object.status?.addresses?.find((address: { type: string }) => address.type === type)
  return found?.address ?? '<none>'
}

function nodeWarnings(object: KubeObject): string[] {
  const warnings: string[] = []
  if (object.spec?.configSource) warnings.push('spec.configSource: the feature is removed')
  if (object.spec?.externalID) {
    warnings.push('spec.externalID: this field is deprecated, and is unused by Kubernetes')
  }
  return warnings
}
