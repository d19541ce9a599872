// Objects of the Gateway API for tests, as the API server would hand them out, and their translation.

import type { KubeObject } from '@brume/api/object'
import type { GatewayApiObjects, Surroundings, Translation } from '../gateway-api/translate/observed.ts'
import { routeFindings } from '../gateway-api/translate/route-status.ts'
import { translate } from '../gateway-api/translate/translate.ts'

const GROUP = 'gateway.networking.k8s.io'
const CREATED = '2026-01-01T00:00:00Z'

export type Fields = Record<string, unknown>

export function gatewayClass(name = 'brume', more: Fields = {}): KubeObject {
  return object('GatewayClass', { name }, { controllerName: 'brume.dev/gateway', ...more })
}

/** In namespace `infra`. Listeners: those given, each with what it leaves out of HTTP on port 80 for everybody. */
export function gateway(
  name: string,
  listeners: readonly Fields[] = [{}],
  { spec = {}, created = CREATED }: { spec?: Fields; created?: string } = {},
): KubeObject {
  const all = listeners.map((listener, i) => ({
    name: `l${i}`,
    port: 80,
    protocol: 'HTTP',
    allowedRoutes: { namespaces: { from: 'All' } },
    ...listener,
  }))
  const metadata = { name, namespace: 'infra', creationTimestamp: created, generation: 1 }
  return object('Gateway', metadata, { gatewayClassName: 'brume', listeners: all, ...spec })
}

/** In namespace `team`, of Gateway infra/g unless told otherwise. `kind/name`, such as `HTTPRoute/shop`. */
export function route(
  kindAndName: string,
  spec: Fields = {},
  metadata: Partial<KubeObject['metadata']> = {},
): KubeObject {
  const [kind, name] = kindAndName.split('/') as [string, string]
  const where = { name, namespace: 'team', creationTimestamp: CREATED, generation: 1, ...metadata }
  return object(kind, where, { parentRefs: [{ name: 'g', namespace: 'infra' }], ...spec })
}

/** A rule that sends what it matches to Services by name, on port 80. */
export function rule(services: string, more: Fields = {}): Fields {
  return { backendRefs: services.split(' ').map((name) => ({ name, port: 80, weight: 1 })), ...more }
}

export function grant(namespace: string, from: Fields, to: Fields): KubeObject {
  return object(
    'ReferenceGrant',
    { name: 'grant', namespace },
    { from: [{ group: GROUP, ...from }], to: [{ group: '', ...to }] },
  )
}

/** Every Service has the port 80, except `gone`. Every Secret is a certificate, except `broken`. */
export const AROUND: Surroundings = {
  addresses: ['192.0.2.1'],
  edgePorts: { http: 80, https: 443 },
  namespace: (name) => object('Namespace', { name, labels: { team: name } }, {}),
  configMap: () => undefined,
  service: (namespace, name) =>
    name === 'gone' ? undefined : object('Service', { namespace, name }, { ports: [{ port: 80 }] }),
  certificateProblem: (_, name) => (name === 'broken' ? 'holds no certificate' : undefined),
  portProblem: () => undefined,
}

/** Sorts the objects by kind; with the class `brume` unless there is one. */
export function translated(objects: readonly KubeObject[], around: Partial<Surroundings> = {}): Translation {
  const of = (...kinds: string[]) => objects.filter(({ kind }) => kinds.includes(kind))
  const classes = of('GatewayClass')
  const sorted: GatewayApiObjects = {
    classes: classes.length === 0 ? [gatewayClass()] : classes,
    gateways: of('Gateway'),
    routes: of('HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute'),
    grants: of('ReferenceGrant'),
    policies: of('BackendTLSPolicy'),
  }
  return translate(sorted, { ...AROUND, ...around })
}

/** `Type=Status/Reason` of a route's first parent. */
export function routeConditions({ routes }: Translation, name: string): string[] {
  const found = routes.find((one) => one.route.metadata.name === name)
  if (found === undefined) return []
  return routeFindings(found.parents[0]!.refusal, found.content).map(
    ({ type, status, reason }) => `${type}=${status}/${reason}`,
  )
}

function object(kind: string, metadata: KubeObject['metadata'], spec: Fields): KubeObject {
  return { apiVersion: `${GROUP}/v1`, kind, metadata, spec }
}
