// Who asks (authentication) and whether they may (authorization).

import type { ApiRequest } from '../http/types.ts'

export interface UserInfo {
  name: string
  uid?: string
  groups: readonly string[]
  extra?: Readonly<Record<string, readonly string[]>>
}

export interface Authenticator {
  /** undefined: this method was not used. Throws StatusError Unauthorized when it was used and is not valid. */
  authenticate(request: ApiRequest): UserInfo | undefined | Promise<UserInfo | undefined>
}

/** As authorization.k8s.io's resource and non-resource attributes. Empty string: not given. */
export type Attributes =
  | {
      resourceRequest: true
      user: UserInfo
      verb: string
      group: string
      version: string
      resource: string
      subresource: string
      namespace: string
      name: string
      /** Of a list or watch, as sent: nodes may list the pods of their own name only. Absent: none. */
      fieldSelector?: string
    }
  | { resourceRequest: false; user: UserInfo; verb: string; path: string }

export type Decision = { allowed: true; reason: string } | { allowed: false; denied: boolean; reason: string }

export interface Authorizer {
  /** From memory; called on every request. */
  authorize(attributes: Attributes): Decision
}
