// Slices that repeat the Endpoints that people keep themselves, for Services without a selector (KEP-1713).

import { isIPv6 } from 'node:net'
import { SERVICE_NAME } from '@brume/api/network/service-model'
import type { KubeObject } from '@brume/api/object'
import type { Plan } from '@brume/client/controller'
import { controllerReference, isLeaving } from '../pod-control/owner.ts'
import { canonical } from '../pod-control/template.ts'
import { MANAGED_BY } from './decide.ts'
import { type Group, packSlices, type SliceAction } from './pack.ts'

export interface ObservedEndpoints {
  endpoints: KubeObject | undefined
  service: KubeObject | undefined
  /** Those of this controller. */
  slices: readonly KubeObject[]
}

interface Subset {
  addresses?: Address[] | null
  notReadyAddresses?: Address[] | null
  ports?: object[] | null
}

interface Address {
  ip: string
  hostname?: string
  nodeName?: string
  targetRef?: object
}

export const MIRROR_NAME = 'endpointslicemirroring-controller.k8s.io'
const SKIP_MIRROR = 'endpointslice.kubernetes.io/skip-mirror'
const LEADER = 'control-plane.alpha.kubernetes.io/leader'
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time'
/** Addresses of one subset that are repeated; the rest are left out, as Kubernetes does. */
const MAX_PER_SUBSET = 1000

export function isMirrored({ endpoints, service }: ObservedEndpoints): boolean {
  if (endpoints === undefined || isLeaving(endpoints) || service === undefined) return false
  if (endpoints.metadata.labels?.[SKIP_MIRROR] === 'true') return false
  if (endpoints.metadata.annotations?.[LEADER] !== undefined) return false
  return (service['spec'].selector ?? undefined) === undefined && service['spec'].type !== 'ExternalName'
}

export function decideMirror(observed: ObservedEndpoints): Plan<SliceAction> {
  const slices = observed.slices.filter((slice) => !isLeaving(slice))
  const endpoints = observed.endpoints
  if (endpoints === undefined || !isMirrored(observed)) {
    return { actions: slices.map((slice) => ({ type: 'delete' as const, slice })) }
  }
  const { name = '', namespace = '', labels, annotations = {} } = endpoints.metadata
  const { [LAST_APPLIED]: _applied, [TRIGGER_TIME]: _time, ...kept } = annotations
  return {
    actions: packSlices(slices, groupsOf(endpoints), {
      namespace,
      generateName: `${name}-`,
      labels: { ...labels, [SERVICE_NAME]: name, [MANAGED_BY]: MIRROR_NAME },
      annotations: kept,
      ownerReferences: [controllerReference(endpoints, { apiVersion: 'v1', kind: 'Endpoints' })],
    }),
  }
}

function groupsOf(endpoints: KubeObject): Group[] {
  const groups = new Map<string, { addressType: string; ports: object[]; endpoints: Map<string, object> }>()
  for (const subset of (endpoints['subsets'] ?? []) as Subset[]) {
    const all = [
      ...(subset.addresses ?? []).map((address) => ({ address, ready: true })),
      ...(subset.notReadyAddresses ?? []).map((address) => ({ address, ready: false })),
    ]
    for (const { address, ready } of all.slice(0, MAX_PER_SUBSET)) {
      const addressType = isIPv6(address.ip) ? 'IPv6' : 'IPv4'
      const ports = subset.ports ?? []
      const key = `${addressType}|${canonical(ports)}`
      const group = groups.get(key) ?? { addressType, ports, endpoints: new Map() }
      const { ip, hostname, nodeName, targetRef } = address
      const endpoint = {
        addresses: [ip],
        conditions: { ready },
        ...(hostname === undefined ? {} : { hostname }),
        ...(nodeName === undefined ? {} : { nodeName }),
        ...(targetRef === undefined ? {} : { targetRef }),
      }
      group.endpoints.set(canonical([ip, hostname, targetRef]), endpoint)
      groups.set(key, group)
    }
  }
  return [...groups.values()].map((group) => ({ ...group, endpoints: [...group.endpoints.values()] }))
}
