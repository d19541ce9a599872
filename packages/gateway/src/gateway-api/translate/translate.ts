// Objects of the Gateway API as what the edge serves, and what is to be said on them. Pure.

import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import { keyOf } from '@brume/client/resource-ref'
import {
  emptyModel,
  type HttpRoute,
  type Model,
  type Listener as Port,
  type StreamRoute,
} from '../../model.ts'
import { ageOf } from '../../source.ts'
import { attach, gatewayRefs, type Place } from './attachment.ts'
import { BackendPolicies } from './backend-tls.ts'
import { ownGateways } from './classes.ts'
import { no } from './condition.ts'
import { findConflicts } from './conflicts.ts'
import { gatewayRefusal } from './gateway-status.ts'
import { GRPC_RULES } from './grpc-route.ts'
import { HTTP_RULES } from './http-route.ts'
import { endsOf, isElsewhere, type Narrower, narrowerOf } from './isolation.ts'
import { isServed, type Listener, listenersOf } from './listeners.ts'
import type {
  GatewayApiObjects,
  RouteContent,
  Surroundings,
  TranslatedGateway,
  TranslatedRoute,
  Translation,
} from './observed.ts'
import { Rivals } from './rivals.ts'
import { isRefusedAsAWhole } from './route-status.ts'
import { rulesOf } from './rules.ts'
import { streamsOf } from './stream-routes.ts'

export function translate(objects: GatewayApiObjects, around: Surroundings): Translation {
  const { grants } = objects
  const policies = new BackendPolicies(objects.policies, around)
  const gateways = ownGateways(objects).map((gateway) => ({
    gateway,
    refusal: gatewayRefusal(gateway, around.addresses),
    listeners: listenersOf(gateway, { ...around, grants }),
  }))
  // One that is refused as a whole takes nothing from others.
  const standing = gateways.filter(({ refusal }) => refusal === undefined)
  findConflicts(
    standing.map(({ listeners }) => listeners),
    around.edgePorts,
  )
  const model = emptyModel()
  const listeners = standing.flatMap((one) => one.listeners)
  const byKey = new Map(gateways.map((one) => [keyOf(one.gateway), one]))
  const narrower = narrowerOf(listeners)
  const parts = { gateways: byKey, narrower, rivals: new Rivals(), grants, policies, around, model }
  const routes = [...objects.routes]
    .map((route) => ({ route, age: ageOf(route) }))
    .sort((a, b) => (a.age < b.age ? -1 : a.age > b.age ? 1 : 0))
    .map(({ route }) => translateRoute(route, parts))
    .filter((route) => route !== undefined)
  model.routes.push(...endsOf(narrower))
  for (const listener of listeners) {
    if (!isServed(listener)) continue
    addPort(model.listeners, listener)
    model.certificates.push(...listener.certificates)
  }
  return { model, gateways, routes, policies: policies.all }
}

interface RouteParts {
  gateways: ReadonlyMap<string, TranslatedGateway>
  narrower: Narrower
  rivals: Rivals
  grants: readonly KubeObject[]
  policies: BackendPolicies
  around: Surroundings
  model: Model
}

/** Adds to the model, and to the listeners' counts. undefined: none of its parents is ours. */
function translateRoute(route: KubeObject, parts: RouteParts): TranslatedRoute | undefined {
  const parents = gatewayRefs(route).flatMap(({ ref, key }) => {
    const parent = parts.gateways.get(key)
    return parent === undefined ? [] : [{ ref, key, parent }]
  })
  if (parents.length === 0) return undefined
  const attached = parents.map(({ ref, key, parent: { refusal, listeners } }) => {
    if (refusal === undefined) {
      const attachment = attach(route, ref, { listeners, namespace: parts.around.namespace })
      return { ref, ...parts.rivals.judge(route, attachment) }
    }
    return {
      ref,
      refusal: no('Accepted', 'NoMatchingParent', `Gateway ${key} is not served; see its status`),
    }
  })
  const places = attached.flatMap((one) => ('places' in one ? one.places : []))
  return {
    route,
    parents: attached.map((one) => ({
      parentRef: one.ref,
      refusal: 'refusal' in one ? one.refusal : undefined,
    })),
    content: addRoute(route, places, parts),
  }
}

function addRoute(
  route: KubeObject,
  places: readonly Place[],
  { around, grants, policies, narrower, rivals, model }: RouteParts,
): RouteContent {
  const backends = { service: around.service, grants, policies }
  const served = places.filter((place) => isServed(place.listener) && !isElsewhere(place, narrower))
  const isHttp = route.kind === 'HTTPRoute' || route.kind === 'GRPCRoute'
  const content: RouteContent & { routes?: HttpRoute[]; streams?: StreamRoute[] } = isHttp
    ? rulesOf(route, served, { ...(route.kind === 'HTTPRoute' ? HTTP_RULES : GRPC_RULES), ...backends })
    : streamsOf(route, served, backends)
  const { routes = [], streams = [], ...rest } = content
  if (isRefusedAsAWhole(rest)) return rest
  rivals.take(route, places)
  usePolicies(route, places, policies)
  for (const { listener } of places) listener.attached.add(`${route.kind} ${keyOf(route)}`)
  for (const { host, listener } of isHttp ? served : [])
    if (host !== '')
      model.claims.push({
        host,
        // Whoever has the listener said whose routes come to it.
        namespace: listener.gateway.metadata.namespace ?? '',
        order: ageOf(route),
      })
  model.routes.push(...routes)
  model.streams.push(...streams)
  return rest
}

/** Policies tell each Gateway that has a route to their Services. */
function usePolicies(route: KubeObject, places: readonly Place[], policies: BackendPolicies): void {
  if (policies.all.length === 0) return
  const gateways = new Set(places.map(({ listener }) => keyOf(listener.gateway)))
  const refs = listOf(route['spec'].rules).flatMap((rule) => listOf(rule.backendRefs))
  for (const { namespace = route.metadata.namespace ?? '', name } of refs)
    policies.use(namespace, name, gateways)
}

function addPort(ports: Port[], { port, protocol }: Listener): void {
  if (!ports.some((one) => one.port === port && one.protocol === protocol)) ports.push({ port, protocol })
}
