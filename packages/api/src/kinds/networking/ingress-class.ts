// IngressClass: which controller answers for an Ingress.

import type { KubeObject } from '../../object.ts'
import { text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'

export const ingressClass = defineKind({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  plural: 'ingressclasses',
  namespaced: false,
  hasGeneration: true,
  columns: [text('Controller', (object) => object.spec?.controller), text('Parameters', parametersCell), age],
})

function parametersCell(object: KubeObject): string {
  const ref = object.spec?.parameters
  if (!ref) return '<none>'
  return `${ref.kind}${ref.apiGroup ? `.${ref.apiGroup}` : ''}/${ref.name}`
}
