// Admission: what may change or refuse a request after it was authorized and decoded.
// Order of a write: decode, default, mutate, default again, validate, validating plugins, quota, store.

import type { KubeObject } from '@brume/api/object'
import type { ResourceDefinition } from '@brume/api/resource'
import type { UserInfo } from '../auth/types.ts'

export interface AdmissionRequest {
  operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'
  resource: ResourceDefinition
  /** '' for the main resource. */
  subresource: string
  namespace: string
  name: string
  /** The new object (CREATE, UPDATE); mutating plugins change it in place. For DELETE: undefined. */
  object: KubeObject | undefined
  /** The stored object (UPDATE, DELETE). Frozen. */
  oldObject: KubeObject | undefined
  /** Body of a subresource that is not the object itself (Binding, Eviction, TokenRequest, Scale). */
  payload?: KubeObject
  user: UserInfo
  dryRun: boolean
  /** Adds a text to the Warning header. */
  warn(text: string): void
  /** Adds to the event of the audit log; `key` as Kubernetes writes it, `pod-security.kubernetes.io/enforce-policy`. */
  annotate(key: string, value: string): void
}

export interface AdmissionPlugin {
  /** Kubernetes' name, e.g. `LimitRanger`. */
  name: string
  /** May change request.object; throws StatusError Forbidden/Invalid... to refuse. */
  mutate?(request: AdmissionRequest): void | Promise<void>
  /** Must not change anything; throws to refuse. */
  validate?(request: AdmissionRequest): void | Promise<void>
  /**
   * Runs last, before the store (quota). What it reserved is released by the returned function when the write
   * fails or was a dry run.
   */
  reserve?(request: AdmissionRequest): (() => void) | undefined
}
