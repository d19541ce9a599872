// endpoints: one Endpoints object a Service with a selector, for clients that do not know EndpointSlices.

import type { KubeObject } from '@brume/api/object'
import { ENDPOINTS, PODS, SERVICES } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer, type Source } from '@brume/client/controller'
import { keyOf } from '@brume/client/resource-ref'
import { createIfAbsent, deleteIfPresent } from '@brume/client/writes'
import type { Dependencies } from '../dependencies.ts'
import { fromPods, podsOf } from '../endpoint-slice/controller.ts'
import { selectsPods } from '../endpoint-slice/decide.ts'
import { decideEndpoints, type EndpointsAction } from './decide.ts'

const LEADER = 'control-plane.alpha.kubernetes.io/leader'
const WORKERS = 5

type Observed = { gone: KubeObject } | Parameters<typeof decideEndpoints>[0]
type Action = EndpointsAction | { type: 'delete'; endpoints: KubeObject }

export function endpointsController({ client, informers }: Dependencies): ControllerSpec {
  const services = informers.for(SERVICES)
  const pods = informers.for(PODS)
  const endpoints = informers.for(ENDPOINTS)
  const resource = client.resource(ENDPOINTS)
  /** Services that went while we looked: Endpoints of a name that never was a Service's are somebody's own. */
  const departed = new Set<string>()
  const departures: Source = {
    start: () =>
      services.addHandler({
        add: (service) => void departed.delete(keyOf(service)),
        delete: (service) => void departed.add(keyOf(service)),
      }),
    synced: () => services.synced(),
  }
  return defineController<Observed, Action>({
    name: 'endpoints',
    workers: WORKERS,
    sources: [departures, fromInformer(services), fromPods(pods, services), fromInformer(endpoints)],
    observe(key) {
      const service = services.store.getByKey(key)
      const current = endpoints.store.getByKey(key)
      if (service === undefined) {
        if (current !== undefined && departed.has(key)) return { gone: current }
        departed.delete(key)
        return undefined
      }
      if (!selectsPods(service)) return undefined
      return { service, pods: podsOf(service, pods), endpoints: current }
    },
    decide(observed) {
      if (!('gone' in observed)) return decideEndpoints(observed)
      // Leader election of old keeps its locks here.
      const { annotations = {}, deletionTimestamp } = observed.gone.metadata
      if (LEADER in annotations || deletionTimestamp !== undefined) return { actions: [] }
      return { actions: [{ type: 'delete', endpoints: observed.gone }] }
    },
    async act({ type, endpoints: object }) {
      if (type === 'create') return void (await createIfAbsent(resource, object))
      if (type === 'update') return void (await resource.update(object))
      const { namespace, name, uid } = object.metadata
      await deleteIfPresent(
        resource,
        { namespace: namespace!, name: name! },
        { preconditions: { uid: uid! } },
      )
      departed.delete(keyOf(object))
    },
  })
}
