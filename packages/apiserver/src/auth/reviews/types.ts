// Kinds that are questions: they are created, answered and forgotten, never stored.

import type { KeyObject } from 'node:crypto'
import type { KubeObject } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import type { ObjectReader } from '../../registry/reader.ts'
import type { RbacIndex } from '../authorizers/rbac-index.ts'
import type { TokenVerifier } from '../tokens/verifier.ts'
import type { Authenticator, Authorizer, UserInfo } from '../types.ts'

export interface ReviewRequest {
  /** As sent: decoded and defaulted. Not changed. */
  object: KubeObject
  user: UserInfo
  /** From the path; '' for kinds without a namespace. */
  namespace: string
  /** Of the parent object, for a subresource (TokenRequest: the service account); otherwise ''. */
  name: string
}

export interface ReviewDeps {
  authorizer: Authorizer
  rbac: RbacIndex
  verifier: TokenVerifier
  /** Knows bearer tokens that are not service accounts'. */
  otherTokens: Authenticator
  reader: ObjectReader
  clock: Clock
  issuer: string
  signingKey: KeyObject
}

/** The object with its status. Throws StatusError BadRequest, Invalid, NotFound or Conflict. */
export type ReviewHandler = (request: ReviewRequest, deps: ReviewDeps) => KubeObject
