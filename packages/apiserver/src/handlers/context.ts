// What every verb's handler is given: the parts of the server, and one request that was authenticated, authorized and
// found to name a served resource.

import type { KubeObject } from '@brume/api/object'
import type { ResourceDefinition } from '@brume/api/resource'
import type { Clock } from '@brume/base/clock'
import type { GroupResourceName } from '@brume/base/errors'
import type { Logger } from '@brume/base/log'
import type { Store } from '@brume/store/contract'
import type { AdmissionPlugin, AdmissionRequest } from '../admission/types.ts'
import type { AuditTrail } from '../audit/trail.ts'
import type { RemovedNodes } from '../auth/authenticators/removed-nodes.ts'
import type { ReviewRequest } from '../auth/reviews/types.ts'
import type { Authorizer, UserInfo } from '../auth/types.ts'
import type { ApiRequest } from '../http/types.ts'
import type { NodeAgents } from '../nodes/agents.ts'
import type { ObjectReader } from '../registry/reader.ts'
import type { ResourceRegistry } from '../registry/resources.ts'
import type { ResourceRequest } from '../request/info.ts'
import type { WatchHub } from '../watch/hub.ts'

export interface ServerParts {
  store: Store
  registry: ResourceRegistry
  reader: ObjectReader
  admission: readonly AdmissionPlugin[]
  /** For what a request turns out to do beside its verb: an update or an apply that creates. */
  authorizer: Authorizer
  watches: WatchHub
  /** Their watches end, as their certificates do. */
  removed: RemovedNodes
  /** For what only the node of a pod can answer. */
  nodes: NodeAgents
  clock: Clock
  logger: Logger
  /** [0, 1), for what should not happen to all at once. Default: Math.random. */
  random?(): number
  /** A new UUID. */
  newUid(): string
  /** Five characters for generateName. */
  newSuffix(): string
  /** Answers a kind that is a question (`authorization.k8s.io/SubjectAccessReview`); undefined: it is not one. */
  review(id: string): ReviewAnswer | undefined
  /** Answers a resource that is not stored (`metrics.k8s.io/pods`); undefined: it is stored. */
  computed?(id: string): ComputedResource | undefined
  /** Changes an object before validation with state that the kind alone lacks (Service addresses). */
  allocators: readonly Allocator[]
}

/** Found out when someone asks. */
export interface ComputedResource {
  /** As it stands in "not found". */
  kind: string
  /** Of a namespace, or ('') of all. */
  list(namespace: string): Promise<KubeObject[]>
  /** undefined: not known (now). */
  get(namespace: string, name: string): Promise<KubeObject | undefined>
}

export type ReviewAnswer = (request: ReviewRequest) => KubeObject

/** Allocates from state (cluster IPs, node ports). Runs before validation; may throw a StatusError. */
export interface Allocator {
  group: string
  plural: string
  /** Changes `object` in place; the returned function gives back what was taken, if the write fails. */
  allocate(object: KubeObject, old: KubeObject | undefined): (() => void) | undefined
}

export interface RequestContext {
  parts: ServerParts
  request: ApiRequest
  info: ResourceRequest
  definition: ResourceDefinition
  user: UserInfo
  /** Absent: nothing is recorded of any request. */
  audit?: AuditTrail | undefined
  /** Collected for the Warning header. */
  warnings: string[]
  /** What this request has written last: an answer with it needs no second encoding. */
  written?: { object: KubeObject; value: Buffer }
}

/** For errors: the resource that the path names. */
export function targetOf({ info }: Pick<RequestContext, 'info'>): GroupResourceName {
  return { group: info.group, resource: info.resource, name: info.name }
}

export function admissionRequest(
  context: RequestContext,
  fields: Pick<AdmissionRequest, 'operation' | 'object' | 'oldObject' | 'dryRun'> & {
    name: string
    payload?: KubeObject
  },
): AdmissionRequest {
  return {
    resource: context.definition,
    subresource: context.info.subresource,
    namespace: context.info.namespace,
    user: context.user,
    warn: (text) => context.warnings.push(text),
    annotate: (key, value) => context.audit?.annotate(key, value),
    ...fields,
  }
}
