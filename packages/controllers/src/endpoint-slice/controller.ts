// endpointslice and endpointslicemirroring: which pods, or which addresses that people gave, a Service leads to.

import { SERVICE_NAME } from '@brume/api/network/service-model'
import type { KubeObject } from '@brume/api/object'
import { fromMap } from '@brume/api/selectors/structured'
import { ENDPOINT_SLICES, ENDPOINTS, NODES, PODS, SERVICES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { type ControllerSpec, defineController, fromInformer, type Source } from '@brume/client/controller'
import type { Informer } from '@brume/client/informer'
import { keyOf } from '@brume/client/resource-ref'
import { deleteIfPresent } from '@brume/client/writes'
import type { Dependencies } from '../dependencies.ts'
import { podsOn } from '../node-lifecycle/pods-on.ts'
import { OwnWrites } from '../pod-control/own-writes.ts'
import { CONTROLLER_NAME, decideSlices, MANAGED_BY, type ObservedService, selectsPods } from './decide.ts'
import { decideMirror, MIRROR_NAME, type ObservedEndpoints } from './mirror.ts'
import type { SliceAction } from './pack.ts'

const BY_SERVICE = 'service'
const WORKERS = 5

export function endpointSliceController({ client, informers, clock }: Dependencies): ControllerSpec {
  const services = informers.for(SERVICES)
  const pods = informers.for(PODS)
  const nodes = informers.for(NODES)
  const slices = informers.for(ENDPOINT_SLICES)
  const own = new OwnWrites(indexed(slices), clock)
  return defineController<ObservedService, SliceAction>({
    name: 'endpointslice',
    workers: WORKERS,
    sources: [
      fromInformer(services),
      fromPods(pods, services),
      fromInformer(slices, serviceKeys(CONTROLLER_NAME)),
      fromNodes(nodes, { pods, services }),
    ],
    observe(key) {
      const service = services.store.getByKey(key)
      if (service === undefined || !selectsPods(service)) return undefined
      const selected = podsOf(service, pods)
      const names = new Set(selected.map((pod) => String(pod['spec'].nodeName ?? '')))
      const known = [...names].map((name) => nodes.store.get('', name)).filter((node) => node !== undefined)
      return {
        service,
        pods: selected,
        nodes: new Map(known.map((node) => [node.metadata.name!, node])),
        slices: own.byIndex(BY_SERVICE, `${CONTROLLER_NAME}/${key}`, serviceIndex),
      }
    },
    decide: decideSlices,
    act: (action) => actOnSlice(client, own, action),
  })
}

export function endpointSliceMirroring({ client, informers, clock }: Dependencies): ControllerSpec {
  const services = informers.for(SERVICES)
  const endpoints = informers.for(ENDPOINTS)
  const slices = informers.for(ENDPOINT_SLICES)
  const own = new OwnWrites(indexed(slices), clock)
  return defineController<ObservedEndpoints, SliceAction>({
    name: 'endpointslicemirroring',
    sources: [
      fromInformer(services),
      fromInformer(endpoints),
      fromInformer(slices, serviceKeys(MIRROR_NAME)),
    ],
    observe: (key) => ({
      endpoints: endpoints.store.getByKey(key),
      service: services.store.getByKey(key),
      slices: own.byIndex(BY_SERVICE, `${MIRROR_NAME}/${key}`, serviceIndex),
    }),
    decide: decideMirror,
    act: (action) => actOnSlice(client, own, action),
  })
}

/** Services whose selector takes the pod, as it is or as it was. */
export function fromPods(pods: Informer, services: Informer): Source {
  return fromInformer(pods, (pod, previous) => {
    const states = previous === undefined ? [pod] : [pod, previous]
    return services.store
      .list(pod.metadata.namespace!)
      .filter((service) => selectsPods(service) && states.some((state) => selects(service, state)))
      .map(keyOf)
  })
}

export function podsOf(service: KubeObject, pods: Informer): KubeObject[] {
  return pods.store.list(service.metadata.namespace!).filter((pod) => selects(service, pod))
}

/** A node that appears, goes or moves to another zone. */
function fromNodes(nodes: Informer, { pods, services }: { pods: Informer; services: Informer }): Source {
  const zoneOf = ({ metadata }: KubeObject) => metadata.labels?.['topology.kubernetes.io/zone']
  const on = podsOn(pods)
  return fromInformer(nodes, (node, previous) => {
    if (previous !== undefined && previous !== node && zoneOf(previous) === zoneOf(node)) return []
    const here = on(node.metadata.name!)
    if (here.length === 0) return []
    return services.store
      .list()
      .filter(
        (service) =>
          selectsPods(service) &&
          here.some((pod) => pod.metadata.namespace === service.metadata.namespace && selects(service, pod)),
      )
      .map(keyOf)
  })
}

/** As Services select: an empty map takes everything. */
function selects({ spec }: KubeObject, { metadata }: KubeObject): boolean {
  return fromMap(spec.selector).matches(metadata.labels)
}

function indexed(slices: Informer): Informer {
  slices.addIndex(BY_SERVICE, serviceIndex)
  return slices
}

function serviceIndex({ metadata }: KubeObject): readonly string[] {
  const service = metadata.labels?.[SERVICE_NAME]
  return service === undefined ? [] : [`${metadata.labels?.[MANAGED_BY]}/${metadata.namespace}/${service}`]
}

const serviceKeys = (managedBy: string) => (slice: KubeObject, previous?: KubeObject) =>
  [slice, ...(previous === undefined ? [] : [previous])]
    .filter(({ metadata }) => metadata.labels?.[MANAGED_BY] === managedBy)
    .map(({ metadata }) => `${metadata.namespace}/${metadata.labels?.[SERVICE_NAME]}`)

async function actOnSlice(client: Client, own: OwnWrites<KubeObject>, action: SliceAction): Promise<void> {
  const resource = client.resource(ENDPOINT_SLICES)
  const { slice } = action
  const { namespace, name, uid } = slice.metadata
  if (action.type === 'create') return own.wrote(await resource.create(slice))
  if (action.type === 'update') return own.wrote(await resource.update(slice))
  await deleteIfPresent(resource, { namespace: namespace!, name: name! }, { preconditions: { uid: uid! } })
  own.deleted(slice)
}
