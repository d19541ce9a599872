// What other rules of a Service depend on: its type, and whether it is headless.

import type { Json } from '../../validate/json.ts'
import { listOf } from '../../validate/json.ts'

export const CLUSTER_IP_NONE = 'None'

export function isHeadless(spec: Json): boolean {
  const addresses: string[] = listOf(spec.clusterIPs)
  return addresses.length === 1 && addresses[0] === CLUSTER_IP_NONE
}

/** The Service has an address of its own inside the cluster. */
export function needsClusterIP(spec: Json): boolean {
  return spec.type !== 'ExternalName'
}

export function needsNodePort(spec: Json): boolean {
  if (spec.type === 'NodePort') return true
  return spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false
}

export function isExternallyAccessible(spec: Json): boolean {
  if (spec.type === 'LoadBalancer' || spec.type === 'NodePort') return true
  return spec.type === 'ClusterIP' && listOf(spec.externalIPs).length > 0
}

export function needsHealthCheck(spec: Json): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'
}
