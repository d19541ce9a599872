// Gives Services of type LoadBalancer an address of the pool, and names the node that answers for it: one that is Ready,
// and with externalTrafficPolicy Local one that has a pod of the Service.

import { ADDRESS_POOL, ANNOUNCED_BY } from '@brume/api/network'
import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import { formatTime } from '@brume/base/clock'
import { CONFIG_MAPS, ENDPOINT_SLICES, NODES, SERVICES } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer } from '@brume/client/controller'
import { EventRecorder } from '@brume/client/event-recorder'
import { keyOf } from '@brume/client/resource-ref'
import { SlicesByService, serviceKeyOf } from '@brume/client/slices-by-service'
import { patchIfPresent } from '@brume/client/writes'
import type { Dependencies } from '../dependencies.ts'
import {
  addressesOf,
  type BalancerAction,
  CONDITION,
  decideBalancer,
  isOurs,
  type ObservedBalancer,
} from './decide.ts'
import { parsePool, type Span } from './pool.ts'

const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers'

export function loadBalancer(dependencies: Dependencies): ControllerSpec {
  const { client, informers, clock, logger } = dependencies
  const [services, nodes, slices] = [
    informers.for(SERVICES),
    informers.for(NODES),
    informers.for(ENDPOINT_SLICES),
  ]
  const pools = informers.for(CONFIG_MAPS, {
    namespace: 'kube-system',
    fieldSelector: `metadata.name=${ADDRESS_POOL}`,
  })
  const events = new EventRecorder({ client, component: 'load-balancer', clock, logger })
  /** Given, and perhaps not seen yet. */
  const given = new Map<string, readonly string[]>()
  const isConcerned = (service: KubeObject) => isOurs(service) || hasAnnouncer(service)
  const concerned = () => services.store.list().filter(isConcerned).map(keyOf)
  const slicesByService = new SlicesByService(slices)
  return defineController<ObservedBalancer, BalancerAction>({
    name: 'load-balancer',
    sources: [
      // An address that one gives back is what another waits for.
      fromInformer(services, (service, before) =>
        isOurs(service) && (before === undefined || isOurs(before))
          ? [keyOf(service)]
          : isOurs(before ?? service) || hasAnnouncer(service)
            ? [keyOf(service), ...concerned()]
            : [],
      ),
      fromInformer(nodes, (node, before) =>
        before !== undefined && canAnswer(node) === canAnswer(before) ? [] : concerned(),
      ),
      fromInformer(slices, (slice) => {
        const key = serviceKeyOf(slice)
        const service = services.store.getByKey(key)
        return service !== undefined && isConcerned(service) ? [key] : []
      }),
      fromInformer(pools, concerned),
    ],
    observe(key) {
      const service = services.store.getByKey(key)
      if (service === undefined || !isOurs(service)) given.delete(key)
      if (service === undefined) return undefined
      const taken = new Map<string, string>()
      for (const other of services.store.list()) {
        const owner = keyOf(other)
        if (owner === key || !isOurs(other)) continue
        for (const ip of addressesOf(other)) taken.set(ip, owner)
      }
      for (const [owner, ips] of given) if (owner !== key) for (const ip of ips) taken.set(ip, owner)
      return {
        service,
        pool: poolOf(pools.store.get('kube-system', ADDRESS_POOL)),
        taken,
        nodes: answering(service),
      }
    },
    decide: decideBalancer,
    async act(action) {
      const { metadata, status } = action.service
      const { namespace = '', name = '', uid = '', resourceVersion = '' } = metadata
      const key = { namespace, name }
      switch (action.type) {
        case 'say': {
          const type = action.isWarning ? 'Warning' : 'Normal'
          return events.record(action.service, { type, reason: action.reason, message: action.message })
        }
        case 'announce': {
          const annotations = { [ANNOUNCED_BY]: action.node ?? null }
          await patchIfPresent(client.resource(SERVICES), key, {
            type: 'merge',
            body: { metadata: { uid, annotations } },
          })
          return
        }
        case 'set': {
          const { ips } = action
          if (ips.length === 0) given.delete(keyOf(action.service))
          else given.set(keyOf(action.service), ips)
          const others = listOf(status?.['conditions']).filter(({ type }) => type !== CONDITION)
          const own = { type: CONDITION, ...action.condition, lastTransitionTime: formatTime(clock.now()) }
          const ingress = ips.length === 0 ? null : ips.map((ip) => ({ ip, ipMode: 'VIP' }))
          const body = {
            metadata: { uid, resourceVersion },
            status: { loadBalancer: { ingress }, conditions: [...others, own] },
          }
          await patchIfPresent(client.resource(SERVICES), key, { type: 'merge', subresource: 'status', body })
        }
      }
    },
  })

  function answering(service: KubeObject): string[] {
    const able = nodes.store
      .list()
      .filter(canAnswer)
      .map(({ metadata }) => metadata.name!)
      .sort()
    if (service.spec?.['externalTrafficPolicy'] !== 'Local') return able
    const { namespace = '', name = '' } = service.metadata
    const having = new Set(
      [...slicesByService.of(namespace, name)]
        .flatMap((slice) => listOf(slice['endpoints']))
        .filter(({ conditions }) => conditions?.ready !== false)
        .map(({ nodeName }) => nodeName),
    )
    const near = able.filter((node) => having.has(node))
    return near.length > 0 ? near : able
  }
}

function poolOf(map: KubeObject | undefined): Span[] | string | undefined {
  if (map === undefined) return undefined
  try {
    return parsePool(String(map['data']?.addresses ?? ''))
  } catch (error) {
    if (error instanceof RangeError) return error.message
    throw error
  }
}

function hasAnnouncer({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[ANNOUNCED_BY] !== undefined
}

function canAnswer({ metadata, status }: KubeObject): boolean {
  if (metadata.labels?.[EXCLUDED] !== undefined || metadata.deletionTimestamp !== undefined) return false
  return listOf(status?.['conditions']).some(({ type, status: is }) => type === 'Ready' && is === 'True')
}
