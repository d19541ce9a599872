// Defaults of a Service, and the fields that the server settles before it validates.

import type { KubeObject } from '../../object.ts'
import { ipFamily } from '../../validate/ip.ts'
import { type Json, listOf, mapOf } from '../../validate/json.ts'
import { CLUSTER_IP_NONE, isExternallyAccessible, isHeadless } from './service-rules.ts'

const DEFAULT_AFFINITY_SECONDS = 10800

export function setServiceDefaults(object: KubeObject): void {
  object.spec ??= {}
  const spec: Json = object.spec
  spec.sessionAffinity ||= 'None'
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig
  if (spec.sessionAffinity === 'ClientIP') {
    spec.sessionAffinityConfig ??= {}
    spec.sessionAffinityConfig.clientIP ??= {}
    spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= DEFAULT_AFFINITY_SECONDS
  }
  spec.type ||= 'ClusterIP'
  for (const port of listOf(spec.ports)) {
    port.protocol ||= 'TCP'
    port.targetPort ||= port.port
  }
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ||= 'Cluster'
  if (['ClusterIP', 'NodePort', 'LoadBalancer'].includes(spec.type)) spec.internalTrafficPolicy ??= 'Cluster'
  if (spec.type === 'LoadBalancer') {
    spec.allocateLoadBalancerNodePorts ??= true
    for (const point of listOf(object.status?.loadBalancer?.ingress)) if (point.ip) point.ipMode ??= 'VIP'
  }
}

/** `clusterIPs` follows `clusterIP` where only that was given. */
export function prepareServiceForCreate(object: KubeObject): void {
  const spec: Json = object.spec
  if (spec.clusterIP && listOf(spec.clusterIPs).length === 0) spec.clusterIPs = [spec.clusterIP]
  settleIPFamilies(spec)
}

/**
 * Families and their policy where they were left open. The pod network is IPv4, so that is the family unless an
 * address says otherwise; a headless Service without a selector may hold addresses of both, as in Kubernetes.
 */
export function settleIPFamilies(spec: Json): void {
  if (spec.type === 'ExternalName') return
  const families: string[] = listOf(spec.ipFamilies)
  const addresses: string[] = listOf(spec.clusterIPs).filter((ip: string) => ip !== CLUSTER_IP_NONE)
  const anyFamily = isHeadless(spec) && Object.keys(mapOf(spec.selector)).length === 0
  if (families.length === 0) {
    spec.ipFamilies = addresses.map((ip) => (ipFamily(ip) === 6 ? 'IPv6' : 'IPv4'))
    if (spec.ipFamilies.length === 0) spec.ipFamilies = ['IPv4']
    const both = anyFamily && spec.ipFamilyPolicy !== 'SingleStack'
    if (both && spec.ipFamilies.length === 1) {
      spec.ipFamilies.push(spec.ipFamilies[0] === 'IPv4' ? 'IPv6' : 'IPv4')
    }
  }
  spec.ipFamilyPolicy ??= listOf(spec.ipFamilies).length > 1 ? 'RequireDualStack' : 'SingleStack'
}
