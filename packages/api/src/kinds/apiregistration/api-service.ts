// APIService: which server answers for a group and version.

import type { KubeObject } from '../../object.ts'
import { text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'

export const apiService = defineKind({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  categories: ['api-extensions'],
  namespaced: false,
  hasGeneration: false,
  allowUnconditionalUpdate: false,
  typeName: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService',
  columns: [text('Service', serviceCell), text('Available', availableCell), age],
})

function serviceCell(object: KubeObject): string {
  const service = object.spec?.service
  return service ? `${service.namespace}/${service.name}` : 'Local'
}

function availableCell(object: KubeObject): string {
  const conditions: { type: string; status: string; reason?: string }[] = object.status?.conditions ?? []
  const available = conditions.find(({ type }) => type === 'Available')
  if (available === undefined) return 'Unknown'
  return available.status === 'True' ? 'True' : `${available.status} (${available.reason ?? ''})`
}
