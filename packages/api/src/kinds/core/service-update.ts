// What an update of a Service keeps of the old one: values that were allocated and that the client did not send
// back; and what it drops, because the new type has no use for it.

import type { KubeObject } from '../../object.ts'
import { semanticEqual } from '../../validate/immutable.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { settleIPFamilies } from './service-defaults.ts'
import { isExternallyAccessible, needsClusterIP, needsHealthCheck, needsNodePort } from './service-rules.ts'

export function prepareServiceForUpdate(object: KubeObject, old: KubeObject): void {
  const spec: Json = object.spec
  const before: Json = old.spec
  keepAllocated(spec, before)
  dropUnused(spec, before)
  alignClusterIPs(spec, before)
  settleIPFamilies(spec)
}

function keepAllocated(spec: Json, before: Json): void {
  if (needsClusterIP(spec) && needsClusterIP(before)) {
    if (!spec.clusterIP && before.clusterIP) spec.clusterIP = before.clusterIP
    if (listOf(spec.clusterIPs).length === 0 && spec.clusterIP === before.clusterIP && before.clusterIPs) {
      spec.clusterIPs = [...before.clusterIPs]
    }
    if (listOf(spec.ipFamilies).length === 0 && before.ipFamilies) spec.ipFamilies = [...before.ipFamilies]
    spec.ipFamilyPolicy ??= before.ipFamilyPolicy
  }
  if (needsNodePort(spec) && needsNodePort(before)) keepNodePorts(spec, before)
  if (needsHealthCheck(spec) && needsHealthCheck(before) && before.healthCheckNodePort) {
    spec.healthCheckNodePort ||= before.healthCheckNodePort
  }
}

/** The same port and protocol keep their node port, unless the client gave it to another one. */
function keepNodePorts(spec: Json, before: Json): void {
  const taken = new Set(listOf(spec.ports).map((port) => port.nodePort))
  const known = new Map(listOf(before.ports).map((port) => [`${port.port}/${port.protocol}`, port.nodePort]))
  for (const port of listOf(spec.ports)) {
    const nodePort = known.get(`${port.port}/${port.protocol}`)
    if (!port.nodePort && nodePort && !taken.has(nodePort)) port.nodePort = nodePort
  }
}

/** Only what the client left as it was: what it changed, it means, and validation may say no. */
function dropUnused(spec: Json, before: Json): void {
  const dropSame = (field: string) => {
    if (spec[field] !== undefined && semanticEqual(spec[field], before[field])) delete spec[field]
  }
  if (needsClusterIP(before) && !needsClusterIP(spec)) {
    for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) dropSame(field)
  }
  if (needsNodePort(before) && !needsNodePort(spec) && sameNodePorts(spec, before)) {
    for (const port of listOf(spec.ports)) delete port.nodePort
  }
  if (needsHealthCheck(before) && !needsHealthCheck(spec)) dropSame('healthCheckNodePort')
  if (before.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    dropSame('allocateLoadBalancerNodePorts')
    dropSame('loadBalancerClass')
  }
  if (isExternallyAccessible(before) && !isExternallyAccessible(spec)) dropSame('externalTrafficPolicy')
}

function sameNodePorts(spec: Json, before: Json): boolean {
  const old = new Set(listOf(before.ports).map((port) => port.nodePort ?? 0))
  return listOf(spec.ports).every((port) => old.has(port.nodePort ?? 0))
}

/** Clients that know only `clusterIP` leave `clusterIPs` as they read it. */
function alignClusterIPs(spec: Json, before: Json): void {
  if (!needsClusterIP(spec)) return
  const untouched = semanticEqual(spec.clusterIPs, before.clusterIPs)
  if (spec.clusterIP && listOf(spec.clusterIPs).length === 0) spec.clusterIPs = [spec.clusterIP]
  else if (untouched && spec.clusterIP !== before.clusterIP && spec.clusterIP)
    spec.clusterIPs = [spec.clusterIP]
  else if (untouched && !spec.clusterIP) delete spec.clusterIPs
}
