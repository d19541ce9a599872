// What the translation looks at, and what it gives.

import type { KubeObject } from '@brume/api/object'
import type { Model } from '../../model.ts'
import type { TranslatedPolicy } from './backend-tls.ts'
import type { Finding } from './condition.ts'
import type { Listener } from './listeners.ts'

export interface GatewayApiObjects {
  classes: readonly KubeObject[]
  gateways: readonly KubeObject[]
  /** Of all kinds. */
  routes: readonly KubeObject[]
  grants: readonly KubeObject[]
  /** BackendTLSPolicies. */
  policies: readonly KubeObject[]
}

export interface Surroundings {
  /** Of this edge. */
  addresses: readonly string[]
  /** Where Ingresses are served: other protocols cannot have these. */
  edgePorts: { http: number; https: number }
  namespace(name: string): KubeObject | undefined
  configMap(namespace: string, name: string): KubeObject | undefined
  service(namespace: string, name: string): KubeObject | undefined
  /** Why a Secret is no certificate; undefined when it is one. */
  certificateProblem(namespace: string, name: string): string | undefined
  /** Why a port cannot be listened on, as far as that is known before it is tried. */
  portProblem(port: number): string | undefined
}

export interface Translation {
  model: Model
  gateways: TranslatedGateway[]
  /** Those that name one of our Gateways. */
  routes: TranslatedRoute[]
  policies: readonly TranslatedPolicy[]
}

export interface TranslatedGateway {
  gateway: KubeObject
  /** Why nothing of it is served. */
  refusal: Finding | undefined
  listeners: Listener[]
}

export interface TranslatedRoute {
  route: KubeObject
  /** One for each reference to one of our Gateways. */
  parents: { parentRef: Readonly<Record<string, unknown>>; refusal: Finding | undefined }[]
  content: RouteContent
}

export interface RouteContent {
  rules: number
  /** One sentence for each rule that is not served. */
  dropped: readonly string[]
  /** The same for rules whose place an older route has: the route is accepted, and waits. */
  shadowed?: readonly string[]
  /** About references to backends. */
  broken: Finding | undefined
}
