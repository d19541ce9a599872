// Ingress: HTTP rules from host and path to Services.

import type { KubeObject } from '../../object.ts'
import { text } from '../cells.ts'
import { age } from '../columns.ts'
import { loadBalancerAddresses } from '../core/service-cells.ts'
import { defineKind } from '../define.ts'
import { INGRESS_CLASS_ANNOTATION } from './ingress-class-annotation.ts'
import { validateIngress, validateIngressCreate, validateIngressStatus } from './ingress-validation.ts'

const MAX_HOSTS_SHOWN = 3

export const ingress = defineKind({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  plural: 'ingresses',
  shortNames: ['ing'],
  columns: [
    text('Class', (object) => object.spec?.ingressClassName ?? '<none>'),
    text('Hosts', hostsCell),
    text('Address', (object) => loadBalancerAddresses(object.status?.loadBalancer).join(',')),
    text('Ports', (object) => ((object.spec?.tls ?? []).length > 0 ? '80, 443' : '80')),
    age,
  ],
  validate: validateIngress,
  validateCreate: validateIngressCreate,
  validateStatusUpdate: validateIngressStatus,
  warnings: (object, old) => (old === undefined && hasClassAnnotation(object) ? [CLASS_WARNING] : []),
})

function hostsCell(object: KubeObject): string {
  const rules: { host?: string }[] = object.spec?.rules ?? []
  const hosts = rules.map(({ host }) => host ?? '').filter((host) => host !== '')
  if (hosts.length === 0) return '*'
  const shown = hosts.slice(0, MAX_HOSTS_SHOWN).join(',')
  return hosts.length > MAX_HOSTS_SHOWN ? `${shown} + ${hosts.length - MAX_HOSTS_SHOWN} more...` : shown
}

const CLASS_WARNING = `annotation "${INGRESS_CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`

function hasClassAnnotation(object: KubeObject): boolean {
  return object.metadata.annotations?.[INGRESS_CLASS_ANNOTATION] !== undefined
}
