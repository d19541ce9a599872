// The slices of a Service with a selector. Rules: Kubernetes' documentation of EndpointSlices and KEP-752.

import { SERVICE_NAME } from '@brume/api/network/service-model'
import type { KubeObject } from '@brume/api/object'
import type { Plan } from '@brume/client/controller'
import { controllerReference } from '../pod-control/owner.ts'
import { canonical } from '../pod-control/template.ts'
import { type Group, packSlices, type SliceAction } from './pack.ts'
import { belongsInEndpoints, endpointOf, familiesOf, isHeadless, portsFor } from './pod-endpoint.ts'

export interface ObservedService {
  service: KubeObject
  pods: readonly KubeObject[]
  /** By name; a pod on a node that is not there is left out, unless all are to be published. */
  nodes: ReadonlyMap<string, KubeObject>
  /** Those of this controller. */
  slices: readonly KubeObject[]
}

export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'
export const CONTROLLER_NAME = 'endpointslice-controller.k8s.io'
export const HEADLESS = 'service.kubernetes.io/headless'

export function selectsPods({ spec }: KubeObject): boolean {
  return spec.type !== 'ExternalName' && spec.selector !== undefined && spec.selector !== null
}

export function decideSlices(observed: ObservedService): Plan<SliceAction> {
  const { service, slices } = observed
  if (service.metadata.deletionTimestamp !== undefined) return { actions: [] }
  const { name = '', namespace = '' } = service.metadata
  const staying = slices.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const groups = familiesOf(service).flatMap((type) => groupsOf(observed, type))
  return {
    actions: packSlices(staying, groups, {
      namespace,
      generateName: `${name}-`,
      labels: labelsOf(service),
      ownerReferences: [controllerReference(service, { apiVersion: 'v1', kind: 'Service' })],
    }),
  }
}

function groupsOf({ service, pods, nodes }: ObservedService, addressType: 'IPv4' | 'IPv6'): Group[] {
  const groups = new Map<string, { addressType: string; ports: object[]; endpoints: object[] }>()
  const publish = service['spec'].publishNotReadyAddresses === true
  for (const pod of pods) {
    if (!belongsInEndpoints(pod, true)) continue
    const node = nodes.get(pod['spec'].nodeName ?? '')
    if (node === undefined && pod['spec'].nodeName && !publish) continue
    const endpoint = endpointOf({ service, pod, node }, addressType)
    if (endpoint === undefined) continue
    const ports = portsFor(service, pod)
    const key = canonical(ports)
    const group = groups.get(key) ?? { addressType, ports, endpoints: [] }
    group.endpoints.push(endpoint)
    groups.set(key, group)
  }
  return groups.size === 0 ? [{ addressType, ports: [], endpoints: [] }] : [...groups.values()]
}

function labelsOf(service: KubeObject): Record<string, string> {
  const labels = { ...service.metadata.labels }
  delete labels[HEADLESS]
  if (isHeadless(service)) labels[HEADLESS] = ''
  labels[SERVICE_NAME] = service.metadata.name!
  labels[MANAGED_BY] = CONTROLLER_NAME
  return labels
}
