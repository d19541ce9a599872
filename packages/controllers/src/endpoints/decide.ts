// The Endpoints of a Service with a selector: the older form of EndpointSlices, with Kubernetes' order and limit.

import { isIPv6 } from 'node:net'
import type { KubeObject } from '@brume/api/object'
import { deepEqual } from '@brume/base/values'
import type { Plan } from '@brume/client/controller'
import { HEADLESS } from '../endpoint-slice/decide.ts'
import {
  addressesOf,
  belongsInEndpoints,
  familiesOf,
  hostnameFor,
  isHeadless,
  portsFor,
  targetOf,
} from '../endpoint-slice/pod-endpoint.ts'
import { isReady } from '../pod-control/pod-state.ts'
import { canonical } from '../pod-control/template.ts'

export interface ObservedEndpoints {
  service: KubeObject
  pods: readonly KubeObject[]
  endpoints: KubeObject | undefined
}

export type EndpointsAction =
  | { type: 'create'; endpoints: KubeObject }
  | { type: 'update'; endpoints: KubeObject }

interface Address {
  ip: string
  targetRef: { uid: string }
}

interface Subset {
  addresses?: Address[]
  notReadyAddresses?: Address[]
  ports?: object[]
}

const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity'
const MAX_ADDRESSES = 1000

export function decideEndpoints({ service, pods, endpoints }: ObservedEndpoints): Plan<EndpointsAction> {
  if (service.metadata.deletionTimestamp !== undefined) return { actions: [] }
  if (endpoints?.metadata.deletionTimestamp !== undefined) return { actions: [] }
  const { subsets, truncated } = limited(subsetsOf(service, pods))
  const { name, namespace } = service.metadata
  const labels = { ...service.metadata.labels }
  delete labels[HEADLESS]
  if (isHeadless(service)) labels[HEADLESS] = ''
  const { [OVER_CAPACITY]: _, ...others } = endpoints?.metadata.annotations ?? {}
  const annotations = { ...others, ...(truncated ? { [OVER_CAPACITY]: 'truncated' } : {}) }
  const wanted: KubeObject = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { ...(endpoints?.metadata ?? { name: name!, namespace: namespace! }), labels, annotations },
    ...(subsets.length === 0 ? {} : { subsets }),
  }
  if (endpoints === undefined) return { actions: [{ type: 'create', endpoints: wanted }] }
  const same =
    deepEqual(endpoints['subsets'] ?? [], subsets) &&
    deepEqual(endpoints.metadata.labels ?? {}, labels) &&
    deepEqual(endpoints.metadata.annotations ?? {}, annotations)
  return { actions: same ? [] : [{ type: 'update', endpoints: wanted }] }
}

/** Addresses that have the same ports form one subset; all in an order that does not depend on the pods' order. */
function subsetsOf(service: KubeObject, pods: readonly KubeObject[]): Subset[] {
  const publish = service['spec'].publishNotReadyAddresses === true
  const family = familiesOf(service)[0]
  const subsets = new Map<string, { ports: object[]; ready: Address[]; unready: Address[] }>()
  for (const pod of pods) {
    if (!belongsInEndpoints(pod, publish)) continue
    const ip = addressesOf(pod).find((address) => isIPv6(address) === (family === 'IPv6'))
    if (ip === undefined) continue
    const found = portsFor(service, pod)
    if (found.length === 0 && (service['spec'].ports ?? []).length > 0) continue
    const ports = found.map(({ name, ...rest }) => (name === '' ? rest : { name, ...rest }))
    ports.sort((a, b) => (canonical(a) < canonical(b) ? -1 : 1))
    const key = canonical(ports)
    const subset = subsets.get(key) ?? { ports, ready: [], unready: [] }
    const node = pod['spec'].nodeName ? { nodeName: pod['spec'].nodeName } : {}
    const address = { ip, ...hostnameFor(service, pod), ...node, targetRef: targetOf(pod) }
    const list = publish || isReady(pod) ? subset.ready : subset.unready
    list.push(address)
    subsets.set(key, subset)
  }
  return [...subsets.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { ports, ready, unready }]) => ({
      ...(ready.length === 0 ? {} : { addresses: ready.sort(byAddress) }),
      ...(unready.length === 0 ? {} : { notReadyAddresses: unready.sort(byAddress) }),
      ...(ports.length === 0 ? {} : { ports }),
    }))
}

function byAddress(a: Address, b: Address): number {
  const order = `${a.ip}|${a.targetRef.uid}`
  return order < `${b.ip}|${b.targetRef.uid}` ? -1 : 1
}

/** Ready addresses before others. */
function limited(subsets: Subset[]): { subsets: Subset[]; truncated: boolean } {
  const count = (list?: Address[]) => list?.length ?? 0
  const total = subsets.reduce((sum, s) => sum + count(s.addresses) + count(s.notReadyAddresses), 0)
  if (total <= MAX_ADDRESSES) return { subsets, truncated: false }
  let room = MAX_ADDRESSES
  const take = (list?: Address[]) => {
    const taken = (list ?? []).slice(0, room)
    room -= taken.length
    return taken
  }
  const ready = subsets.map(({ addresses }) => take(addresses))
  const unready = subsets.map(({ notReadyAddresses }) => take(notReadyAddresses))
  const kept = subsets.map(({ ports }, i) => ({
    ...(ready[i]!.length === 0 ? {} : { addresses: ready[i]! }),
    ...(unready[i]!.length === 0 ? {} : { notReadyAddresses: unready[i]! }),
    ...(ports === undefined ? {} : { ports }),
  }))
  return { subsets: kept.filter((s) => s.addresses ?? s.notReadyAddresses), truncated: true }
}
