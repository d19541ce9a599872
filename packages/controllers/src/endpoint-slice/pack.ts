// Which slice holds which endpoint, so that few slices change: endpoints stay where they are, gaps in slices that change
// anyway are filled first, and one slice at most is opened for the rest before new ones are made.

import type { KubeObject } from '@brume/api/object'
import { deepEqual } from '@brume/base/values'
import { canonical } from '../pod-control/template.ts'

// biome-ignore lint/suspicious/noExplicitAny: endpoints of slices are data here
export type Endpoint = any

export interface Group {
  addressType: string
  ports: readonly object[]
  endpoints: readonly Endpoint[]
}

export interface SliceIdentity {
  labels: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences: readonly object[]
  generateName: string
  namespace: string
}

export type SliceAction =
  | { type: 'create'; slice: KubeObject }
  | { type: 'update'; slice: KubeObject }
  | { type: 'delete'; slice: KubeObject }

export const MAX_ENDPOINTS = 100

/** The calls that make `existing` hold exactly the groups; a Service without endpoints keeps one empty slice a type. */
export function packSlices(
  existing: readonly KubeObject[],
  groups: readonly Group[],
  identity: SliceIdentity,
): SliceAction[] {
  const left = new Map<string, KubeObject[]>()
  for (const slice of existing) {
    const key = groupKey(slice['addressType'], slice['ports'])
    left.set(key, [...(left.get(key) ?? []), slice])
  }
  const actions: SliceAction[] = []
  for (const group of groups) {
    const key = groupKey(group.addressType, group.ports)
    actions.push(...packGroup(left.get(key) ?? [], group, identity))
    left.delete(key)
  }
  for (const slice of [...left.values()].flat()) actions.push({ type: 'delete', slice })
  return actions
}

function packGroup(slices: readonly KubeObject[], group: Group, identity: SliceIdentity): SliceAction[] {
  const missing = new Map(group.endpoints.map((endpoint) => [endpointKey(endpoint), endpoint]))
  const plans = slices.map((slice) => {
    const kept: Endpoint[] = []
    let changed = false
    for (const endpoint of slice['endpoints'] ?? []) {
      const wanted = missing.get(endpointKey(endpoint))
      if (wanted === undefined) {
        changed = true
        continue
      }
      missing.delete(endpointKey(endpoint))
      kept.push(wanted)
      changed ||= !deepEqual(endpoint, wanted)
    }
    return { slice, endpoints: kept, changed }
  })
  const rest = [...missing.values()]
  const fill = (plan: (typeof plans)[number]) => {
    const taken = rest.splice(0, MAX_ENDPOINTS - plan.endpoints.length)
    plan.endpoints.push(...taken)
    plan.changed ||= taken.length > 0
  }
  for (const plan of plans.filter(({ changed, endpoints }) => changed && endpoints.length > 0)) fill(plan)
  if (rest.length % MAX_ENDPOINTS > 0) {
    const over = rest.length % MAX_ENDPOINTS
    const room = plans
      .filter(({ changed, endpoints }) => !changed && endpoints.length + over <= MAX_ENDPOINTS)
      .sort((a, b) => b.endpoints.length - a.endpoints.length)[0]
    if (room !== undefined) {
      room.endpoints.push(...rest.splice(0, over))
      room.changed = true
    }
  }
  for (const plan of plans.filter(({ endpoints }) => endpoints.length === 0)) if (rest.length > 0) fill(plan)
  const creates: SliceAction[] = []
  while (rest.length > 0) creates.push(create(group, rest.splice(0, MAX_ENDPOINTS), identity))
  const full = plans.filter(({ endpoints }) => endpoints.length > 0)
  // An empty group (no endpoints at all) keeps or makes its placeholder.
  const placeholder = full.length === 0 && creates.length === 0
  const kept = placeholder ? plans.slice(0, 1) : full
  if (placeholder && kept.length === 0) creates.push(create(group, [], identity))
  const dropped = plans.filter((plan) => !kept.includes(plan))
  return [
    ...kept.flatMap(({ slice, endpoints, changed }) => update(slice, { endpoints, changed }, identity)),
    ...creates,
    ...dropped.map(({ slice }) => ({ type: 'delete' as const, slice })),
  ]
}

function create({ addressType, ports }: Group, endpoints: Endpoint[], identity: SliceIdentity): SliceAction {
  const { labels, annotations, ownerReferences, generateName, namespace } = identity
  const metadata = { generateName, namespace, labels, ownerReferences: [...ownerReferences] }
  return {
    type: 'create',
    slice: {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        ...metadata,
        ...(annotations === undefined ? {} : { annotations }),
      } as KubeObject['metadata'],
      addressType,
      endpoints,
      ports: [...ports],
    },
  }
}

function update(
  slice: KubeObject,
  { endpoints, changed }: { endpoints: Endpoint[]; changed: boolean },
  { labels, annotations, ownerReferences }: SliceIdentity,
): SliceAction[] {
  const { metadata } = slice
  const same =
    !changed &&
    deepEqual(metadata.labels ?? {}, labels) &&
    deepEqual(metadata.annotations ?? {}, annotations ?? metadata.annotations ?? {}) &&
    deepEqual(metadata.ownerReferences ?? [], ownerReferences)
  if (same) return []
  const next = { ...metadata, labels, ownerReferences: [...ownerReferences] } as KubeObject['metadata']
  if (annotations !== undefined) next.annotations = annotations
  return [{ type: 'update', slice: { ...slice, metadata: next, endpoints } }]
}

function groupKey(addressType: string, ports: readonly object[] | null | undefined): string {
  const all = (ports ?? []).map((port) => {
    const { name = '', port: number, protocol = 'TCP', appProtocol = '' } = port as Record<string, unknown>
    return canonical([name, number, protocol, appProtocol])
  })
  return `${addressType}|${all.sort().join()}`
}

/** The same endpoint, whatever its conditions. */
function endpointKey({ addresses, hostname, targetRef }: Endpoint): string {
  return canonical([[...addresses].sort(), hostname ?? '', targetRef?.namespace ?? '', targetRef?.name ?? ''])
}
