// Where the edge's work comes from: one source for each family of kinds (Ingress, Gateway API, challenges for
// certificates). A source says what it wants served as parts of one model, and tells its objects what became of it.

import type { KubeObject } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import type { Client } from '@brume/client/client'
import type { EventSubject } from '@brume/client/event-recorder'
import type { Informer } from '@brume/client/informer'
import type { ResourceRef } from '@brume/client/resource-ref'
import type { SlicesByService } from '@brume/client/slices-by-service'
import type { Asking } from './acme/wants.ts'
import type { Model } from './model.ts'

export interface EdgeSource {
  /** For logs. */
  readonly name: string
  /** Watched from the start; the edge stays asleep while all of them, of all sources, are empty. */
  readonly own: readonly Informer[]
  /** Watched as well once the edge is awake (beside Services, their slices and TLS Secrets). Asked before each round, so
   * that a collection may be watched only when something refers to it. */
  others(): readonly Informer[]
  /** Pure, of what the informers hold, which are synced. */
  wanted(): Wanted
  /**
   * What became of it, after each round: the place to write statuses, of objects that differ alone. Gives the sentences
   * that become Events. An error of the API is thrown and tried again.
   */
  tell(outcome: Outcome): Promise<readonly Problem[]>
  /** Objects that certificates of a CA may be wanted for (`acme/wants.ts`): which of them ask is not looked at here. */
  askings?(): readonly Asking[]
}

export interface Wanted {
  /** All parts; `emptyModel()` for a start. Ids of rules and streams are unique among all sources. */
  model: Model
  problems: readonly Problem[]
}

/** A Warning Event on an object: said once, as long as the edge runs. */
export interface Problem {
  object: EventSubject
  /** CamelCase. */
  reason: string
  message: string
}

/** What became of all that was wanted, by all sources. Sentences name what is wrong and the next step. */
export interface Outcome {
  /** What the edge is reached at. */
  addresses: readonly string[]
  /** Ports that are not listened on. */
  ports: ReadonlyMap<number, string>
  /** By the id of the rule or stream that is left out: 500 is answered for it. */
  rules: ReadonlyMap<string, string>
  /** Those that are not shown. */
  certificates: readonly CertificateProblem[]
}

export interface CertificateProblem {
  namespace: string
  secret: string
  message: string
  /** Who wants it shown. */
  object?: EventSubject
}

/** What sources are made of. */
export interface SourceContext {
  client: Client
  clock: Clock
  logger: Logger
  /** Of this machine's edge: `up --http-port`, `--https-port`. */
  ports: GatewayPorts
  /** What the edge is reached at. */
  addresses: readonly string[]
  /** A new one, started by the edge. */
  informer(ref: ResourceRef, fieldSelector?: string): Informer
  /** Shared; synced when `wanted` is called. */
  services: Informer
  slices: SlicesByService
  /** Of the type kubernetes.io/tls. */
  tlsSecrets: Informer
}

export interface GatewayPorts {
  http: number
  https: number
}

export type MakeSource = (context: SourceContext) => EdgeSource

/** Sorts as text: the older object first, then its name; what is in it goes behind. */
export function ageOf({ metadata }: KubeObject): string {
  return `${metadata.creationTimestamp} ${metadata.namespace ?? ''}/${metadata.name}`
}
