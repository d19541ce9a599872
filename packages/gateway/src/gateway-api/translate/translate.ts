// Objects of the Gateway API as what the edge serves, and what is to be said on them. Pure.

import type { KubeObject } from '@brume/api/object'
import type { HttpRoute, Model, Listener as Port, StreamRoute } from '../../model.ts'
import { CONTROLLER_NAME } from '../kinds.ts'
import { attach, gatewayRefs, type Place } from './attachment.ts'
import { type Finding, no, yes } from './condition.ts'
import { findConflicts } from './conflicts.ts'
import { gatewayRefusal, gatewayStatus } from './gateway-status.ts'
import { GRPC_RULES } from './grpc-route.ts'
import { HTTP_RULES } from './http-route.ts'
import { isServed, type Listener, listenersOf } from './listeners.ts'
import type { GatewayApiObjects, RouteStatus, Surroundings, Translation } from './observed.ts'
import { isRefusedAsAWhole, type Outcome, routeFindings } from './route-status.ts'
import { rulesOf } from './rules.ts'
import { streamsOf } from './stream-routes.ts'

export function translate(objects: GatewayApiObjects, around: Surroundings): Translation {
  const classes = ownClasses(objects.classes)
  const gateways = ownGateways(objects)
  const listeners = new Map(
    gateways.map((gateway) => [keyOf(gateway), listenersOf(gateway, { ...around, grants: objects.grants })]),
  )
  // One that is refused as a whole takes nothing from others.
  const isRefused = (gateway: KubeObject) => gatewayRefusal(gateway, around.addresses) !== undefined
  const standing = gateways.filter((gateway) => !isRefused(gateway))
  findConflicts(
    standing.map((gateway) => listeners.get(keyOf(gateway))!),
    around.edgePorts,
  )
  const model: Model = { listeners: [], routes: [], streams: [], certificates: [] }
  const routes = [...objects.httpRoutes, ...objects.grpcRoutes, ...objects.tlsRoutes, ...objects.tcpRoutes]
    .map((route) =>
      translateRoute(route, { listeners, standing: new Set(standing.map(keyOf)), objects, around, model }),
    )
    .filter((status) => status !== undefined)
  for (const listener of standing.flatMap((gateway) => listeners.get(keyOf(gateway))!)) {
    if (!isServed(listener)) continue
    addPort(model.listeners, listener)
    model.certificates.push(...listener.certificates)
  }
  return {
    model,
    classes: classes.map((one) => ({ class: one, findings: [classFinding(one)] })),
    gateways: gateways.map((gateway) =>
      gatewayStatus(gateway, { listeners: listeners.get(keyOf(gateway))!, addresses: around.addresses }),
    ),
    routes,
  }
}

/** Classes that name this controller. */
export function ownClasses(classes: readonly KubeObject[]): KubeObject[] {
  return classes.filter(({ spec }) => spec?.controllerName === CONTROLLER_NAME)
}

/** Those of our accepted classes, the older first. */
export function ownGateways({
  classes,
  gateways,
}: Pick<GatewayApiObjects, 'classes' | 'gateways'>): KubeObject[] {
  const accepted = ownClasses(classes).filter((one) => classFinding(one).status === 'True')
  const names = new Set(accepted.map(({ metadata }) => metadata.name))
  return gateways.filter(({ spec }) => names.has(spec?.gatewayClassName)).sort(byAge)
}

function classFinding({ spec }: KubeObject): Finding {
  if (spec.parametersRef === undefined)
    return yes('Accepted', 'Accepted', 'Gateways of this class are served')
  const message = 'parametersRef: there are no parameters for this edge; remove it'
  return no('Accepted', 'InvalidParameters', message)
}

interface RouteParts {
  /** By Gateway. */
  listeners: ReadonlyMap<string, readonly Listener[]>
  /** Gateways that are served. */
  standing: ReadonlySet<string>
  objects: GatewayApiObjects
  around: Surroundings
  model: Model
}

/** Adds to the model and to listeners' counts. undefined: none of its parents is ours. */
function translateRoute(route: KubeObject, parts: RouteParts): RouteStatus | undefined {
  const { listeners, standing, around } = parts
  const parents = gatewayRefs(route).filter(({ key }) => listeners.has(key))
  if (parents.length === 0) return undefined
  const attached = parents.map(({ ref, key }) => {
    if (!standing.has(key))
      return {
        ref,
        refusal: no('Accepted', 'NoMatchingParent', `Gateway ${key} is not accepted; see its status`),
      }
    return { ref, ...attach(route, ref, { listeners: listeners.get(key)!, namespace: around.namespace }) }
  })
  const places = attached.flatMap((one) => ('places' in one ? one.places : []))
  const outcome = contentOf(route, places, parts)
  return {
    route,
    parents: attached.map((one) => ({
      parentRef: one.ref,
      findings: routeFindings({ ...outcome, refusal: 'refusal' in one ? one.refusal : undefined }),
    })),
  }
}

function contentOf(route: KubeObject, places: readonly Place[], parts: RouteParts): Omit<Outcome, 'refusal'> {
  const { objects, around, model } = parts
  const backends = { service: around.service, grants: objects.grants }
  const served = places.filter(({ listener }) => isServed(listener))
  const found: Omit<Outcome, 'refusal'> & { routes?: HttpRoute[]; streams?: StreamRoute[] } =
    route.kind === 'HTTPRoute' || route.kind === 'GRPCRoute'
      ? rulesOf(route, served, { ...(route.kind === 'HTTPRoute' ? HTTP_RULES : GRPC_RULES), ...backends })
      : streamsOf(route, served, backends)
  if (isRefusedAsAWhole(found)) return found
  for (const { listener } of places) listener.attached.add(`${route.kind} ${keyOf(route)}`)
  model.routes.push(...(found.routes ?? []))
  model.streams.push(...(found.streams ?? []))
  return found
}

function addPort(ports: Port[], { port, protocol }: Listener): void {
  if (!ports.some((one) => one.port === port)) ports.push({ port, protocol })
}

function byAge(a: KubeObject, b: KubeObject): number {
  const [left, right] = [a, b].map(({ metadata }) => `${metadata.creationTimestamp} ${keyOf({ metadata })}`)
  return left! < right! ? -1 : 1
}

function keyOf({ metadata }: Pick<KubeObject, 'metadata'>): string {
  return `${metadata.namespace}/${metadata.name}`
}
