// What the API server must know of a kind, built-in or CRD. Kinds differ only in this data: one small file a kind
// under kinds/. No I/O here.

import type { FieldError } from './field-error.ts'
import type { KubeObject } from './object.ts'
import type { ObjectSchema } from './schema/schema.ts'

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection'

export const ALL_VERBS: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
]

export interface Column {
  name: string
  /** OpenAPI type: string, integer, number, boolean, date. */
  type: string
  format?: string
  description?: string
  /** 0 is always shown, 1 with `-o wide`. */
  priority?: number
  /** The cell; `now` is milliseconds since the epoch (for ages). undefined and null print as empty. */
  cell(object: KubeObject, now: number): string | number | boolean | null | undefined
}

export interface ScalePaths {
  /** e.g. `.spec.replicas` */
  specReplicasPath: string
  statusReplicasPath: string
  /** Path of the serialized or structured selector, e.g. `.spec.selector`; absent: none. */
  labelSelectorPath?: string
  /** The selector at that path is a metav1.LabelSelector or a map (built-ins), not text (CRDs). */
  structuredSelector?: boolean
}

export interface ValidateContext {
  /** Milliseconds since the epoch. */
  now: number
  /** On an update: the stored object, so that custom kinds need not judge again what did not change. */
  old?: KubeObject
}

/** Behaviour of one kind. Every function is pure but for changing the object handed to it where said so. */
export interface KindBehaviour {
  /** Sets defaults in place, as Kubernetes' `SetDefaults_*`. The object has passed the schema walk. */
  setDefaults?(object: KubeObject): void
  /** In place, before create: drop status, set generation 1, allocate... (Kubernetes' PrepareForCreate). */
  prepareForCreate?(object: KubeObject): void
  /** In place, before update: keep what this endpoint must not change, bump generation (PrepareForUpdate). */
  prepareForUpdate?(object: KubeObject, old: KubeObject): void
  /** A create may carry a status (Nodes register with theirs); everywhere else it is dropped. */
  keepsStatusOnCreate?: boolean
  /** Whether metadata of a cluster- or namespaced object follows another rule than the DNS-1123 subdomain. */
  validateName?(name: string): string[]
  /** Field errors of a new object beyond metadata, which the server validates itself. */
  validate?(object: KubeObject, context: ValidateContext): FieldError[]
  /** Field errors of a new object beyond `validate`, for rules that an update need not keep. */
  validateCreate?(object: KubeObject, context: ValidateContext): FieldError[]
  /** Field errors of an update beyond `validate` (which is also run): immutability. */
  validateUpdate?(object: KubeObject, old: KubeObject, context: ValidateContext): FieldError[]
  /** Field errors of a status update. */
  validateStatusUpdate?(object: KubeObject, old: KubeObject, context: ValidateContext): FieldError[]
  /**
   * Graceful deletion in two phases (Pods): seconds to grant when the client asked for `requestedSeconds` (undefined:
   * no wish). 0 deletes at once. Kinds without it are always deleted at once.
   */
  gracePeriodSeconds?(object: KubeObject, requestedSeconds: number | undefined): number
  /** Warning text for every request to this kind in this version. */
  deprecation?: string
  /** Warning texts for the Warning header. */
  warnings?(object: KubeObject, old: KubeObject | undefined): string[]
}

export interface ResourceDefinition extends KindBehaviour {
  group: string
  version: string
  kind: string
  /** Defaults to kind + 'List'. */
  listKind: string
  plural: string
  singular: string
  shortNames: readonly string[]
  categories: readonly string[]
  namespaced: boolean
  verbs: readonly Verb[]
  /** Root type, metadata included. */
  schema: ObjectSchema
  /** The kind keeps metadata.generation, bumped when anything but metadata and status changes. */
  hasGeneration: boolean
  /** The status subresource exists: the main endpoint ignores status and the other way round. */
  hasStatus: boolean
  scale?: ScalePaths
  /** Subresources beyond status and scale that are listed in discovery, e.g. `token`, `eviction`, `log`. */
  subresources: readonly SubresourceDefinition[]
  columns: readonly Column[]
  /** Field selector name -> value, beyond metadata.name and metadata.namespace. */
  selectableFields: Readonly<Record<string, (object: KubeObject) => string>>
  /** Served because of a CRD: decoded, pruned and validated by its structural schema; no strategic merge patch. */
  custom?: boolean
  /** metadata.finalizers etc. apply; false for virtual kinds (TokenReview...), which are answered, not stored. */
  stored: boolean
  /**
   * Another served version of the same stored objects: how to read and write it. The definition without one is
   * the storage version. `group/plural` of the storage definition names the bucket.
   */
  conversion?: {
    storageGroup: string
    storageVersion: string
    /** New object in this version from one in the storage version. */
    fromStorage(object: KubeObject): KubeObject
    toStorage(object: KubeObject): KubeObject
  }
  /**
   * What is stored may be of another version or lack defaults that came later (custom kinds): the object as the storage
   * version shows it. The same object where nothing is to do. Absent: stored bytes can be served as they are.
   */
  onRead?(object: KubeObject): KubeObject
  /**
   * What a write of the status leaves as it is in the metadata: everything, or the labels. Absent: nothing but what no
   * client may change. Custom kinds: everything.
   */
  statusKeepsMetadata?: 'all' | 'labels'
  /** metadata.generation rises when annotations change too (Deployments). */
  generationFollowsAnnotations?: boolean
  /** Objects of this kind expire: seconds since creation (Events: 3600). */
  ttlSeconds?: number
  /** Secrets: encrypted at rest. */
  sensitive?: boolean
  /** PUT creates a missing object, as for leases and nodes' kinds that allow it. */
  allowCreateOnUpdate?: boolean
  /** PUT without resourceVersion overwrites. True for most kinds in Kubernetes. */
  allowUnconditionalUpdate: boolean
}

export interface SubresourceDefinition {
  name: string
  kind: string
  group?: string
  version?: string
  verbs: readonly string[]
}

export interface GroupVersionResource {
  group: string
  version: string
  resource: string
}

export function apiVersionOf(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`
}

/** `apps/v1` -> {group: 'apps', version: 'v1'}; `v1` -> {group: '', version: 'v1'}. */
export function parseApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/')
  if (slash < 0) return { group: '', version: apiVersion }
  return { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) }
}
