// What a pod offers to a Service: its address, its ports, and whether it may be sent to.

import { isIPv6 } from 'node:net'
import type { KubeObject } from '@brume/api/object'
import { isLeaving } from '../pod-control/owner.ts'
import { isFinished, isReady } from '../pod-control/pod-state.ts'

export type AddressType = 'IPv4' | 'IPv6'

export interface EndpointPort {
  name: string
  port: number
  protocol: string
  appProtocol?: string
}

export interface SliceEndpoint {
  addresses: string[]
  conditions: { ready: boolean; serving?: boolean; terminating?: boolean }
  hostname?: string
  nodeName?: string
  zone?: string
  hints?: { forZones: { name: string }[] }
  targetRef?: { kind: string; namespace: string; name: string; uid: string }
}

const ZONE = 'topology.kubernetes.io/zone'

/** It has an address and will not come to an end by itself. */
export function belongsInEndpoints(pod: KubeObject, includeTerminating: boolean): boolean {
  if (isFinished(pod) || addressesOf(pod).length === 0) return false
  return includeTerminating || !isLeaving(pod)
}

export function addressesOf({ status }: KubeObject): string[] {
  const ips: string[] = (status?.podIPs ?? []).map(({ ip }: { ip: string }) => ip)
  return ips.length > 0 || !status?.podIP ? ips : [status.podIP]
}

/** Families of a Service's addresses, first the one that it prefers. */
export function familiesOf({ spec }: KubeObject): AddressType[] {
  if ((spec.ipFamilies ?? []).length > 0) return [...spec.ipFamilies]
  return [isIPv6(spec.clusterIP ?? '') ? 'IPv6' : 'IPv4']
}

export function isHeadless({ spec }: KubeObject): boolean {
  return spec.clusterIP === 'None' || !spec.clusterIP
}

/** Ports of the Service as this pod has them: a port by name may be another number in each pod, or be absent. */
export function portsFor(service: KubeObject, pod: KubeObject): EndpointPort[] {
  const ports: EndpointPort[] = []
  for (const { name = '', protocol = 'TCP', port, targetPort, appProtocol } of service['spec'].ports ?? []) {
    const number = findPort(pod, targetPort ?? port, { protocol, port })
    if (number === undefined) continue
    ports.push({ name, port: number, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) })
  }
  return ports
}

function findPort(
  pod: KubeObject,
  target: number | string,
  { protocol, port }: { protocol: string; port: number },
): number | undefined {
  if (target === 0 || target === '') return port
  if (typeof target === 'number') return target
  const sidecars = (pod['spec'].initContainers ?? []).filter(
    ({ restartPolicy }: { restartPolicy?: string }) => restartPolicy === 'Always',
  )
  for (const container of [...(pod['spec'].containers ?? []), ...sidecars]) {
    for (const { name, protocol: of = 'TCP', containerPort } of container.ports ?? []) {
      if (name === target && of === protocol) return containerPort
    }
  }
  return undefined
}

/** The pod's own name below the Service, when it asks for one. */
export function hostnameFor({ metadata }: KubeObject, pod: KubeObject): { hostname?: string } {
  const { hostname, subdomain } = pod['spec']
  const named = hostname && subdomain === metadata.name && pod.metadata.namespace === metadata.namespace
  return named ? { hostname } : {}
}

export function targetOf({ metadata }: KubeObject) {
  return { kind: 'Pod', namespace: metadata.namespace!, name: metadata.name!, uid: metadata.uid! }
}

/** undefined: the pod has no address of that family. */
export function endpointOf(
  { service, pod, node }: { service: KubeObject; pod: KubeObject; node: KubeObject | undefined },
  type: AddressType,
): SliceEndpoint | undefined {
  const addresses = addressesOf(pod).filter((ip) => isIPv6(ip) === (type === 'IPv6'))
  if (addresses.length === 0) return undefined
  const serving = isReady(pod)
  const terminating = isLeaving(pod)
  const ready = service['spec'].publishNotReadyAddresses === true || (serving && !terminating)
  const zone = node?.metadata.labels?.[ZONE]
  const near = service['spec'].trafficDistribution === 'PreferClose' && ready && zone
  return {
    addresses,
    conditions: { ready, serving, terminating },
    ...hostnameFor(service, pod),
    ...(pod['spec'].nodeName ? { nodeName: pod['spec'].nodeName } : {}),
    ...(zone ? { zone } : {}),
    ...(near ? { hints: { forZones: [{ name: zone }] } } : {}),
    targetRef: targetOf(pod),
  }
}
