// What `kubectl get services` shows.

import type { KubeObject } from '../../object.ts'
import { mapText } from '../columns.ts'

interface Port {
  port: number
  nodePort?: number
  protocol?: string
}

interface LoadBalancerIngress {
  ip?: string
  hostname?: string
}

/** Addresses from outside the cluster, or why there are none. */
export function externalIPCell(object: KubeObject): string {
  const spec = object.spec ?? {}
  const external: string[] = spec.externalIPs ?? []
  switch (spec.type) {
    case 'ClusterIP':
    case 'NodePort':
      return external.length > 0 ? external.join(',') : '<none>'
    case 'LoadBalancer': {
      const all = [...loadBalancerAddresses(object.status?.loadBalancer), ...external]
      return all.length > 0 ? all.join(',') : '<pending>'
    }
    case 'ExternalName':
      return spec.externalName ?? ''
    default:
      return '<unknown>'
  }
}

/** Sorted, each once: an ingress point's IP, else its host name. */
export function loadBalancerAddresses(status: { ingress?: LoadBalancerIngress[] } | undefined): string[] {
  const addresses = (status?.ingress ?? []).map((point) => point.ip || point.hostname || '')
  return [...new Set(addresses)].filter((address) => address !== '').sort()
}

/** `80/TCP,443:30443/TCP` */
export function portsCell(object: KubeObject): string {
  const ports: Port[] = object.spec?.ports ?? []
  if (ports.length === 0) return '<none>'
  return ports
    .map(({ port, nodePort, protocol }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol}`)
    .join(',')
}

export function selectorCell(object: KubeObject): string {
  return mapText(object.spec?.selector)
}
