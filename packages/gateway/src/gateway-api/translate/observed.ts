// What the translation looks at, and what it gives.

import type { KubeObject } from '@brume/api/object'
import type { Model } from '../../model.ts'
import type { Finding } from './condition.ts'

export interface GatewayApiObjects {
  classes: readonly KubeObject[]
  gateways: readonly KubeObject[]
  httpRoutes: readonly KubeObject[]
  grpcRoutes: readonly KubeObject[]
  tlsRoutes: readonly KubeObject[]
  tcpRoutes: readonly KubeObject[]
  grants: readonly KubeObject[]
}

export interface Surroundings {
  /** Of this edge. */
  addresses: readonly string[]
  /** Where Ingresses are served: other protocols cannot have these. */
  edgePorts: { http: number; https: number }
  namespace(name: string): KubeObject | undefined
  service(namespace: string, name: string): KubeObject | undefined
  /** Why a Secret is no certificate; undefined when it is one. */
  certificateProblem(namespace: string, name: string): string | undefined
  /** Why a port cannot be listened on; undefined when it can. */
  portProblem(port: number): string | undefined
}

export interface ListenerStatus {
  name: string
  supportedKinds: { group: string; kind: string }[]
  attachedRoutes: number
  findings: Finding[]
}

export interface GatewayStatus {
  gateway: KubeObject
  addresses: { type: 'IPAddress'; value: string }[]
  findings: Finding[]
  listeners: ListenerStatus[]
}

export interface RouteStatus {
  route: KubeObject
  /** Of our Gateways alone. */
  parents: { parentRef: Readonly<Record<string, unknown>>; findings: Finding[] }[]
}

export interface Translation {
  model: Model
  classes: { class: KubeObject; findings: Finding[] }[]
  gateways: GatewayStatus[]
  routes: RouteStatus[]
}
