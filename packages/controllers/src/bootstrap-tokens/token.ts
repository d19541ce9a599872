// Bootstrap tokens: Secrets `bootstrap-token-<id>` in kube-system with which machines join (Kubernetes' documentation,
// "Authenticating with Bootstrap Tokens").

import type { KubeObject } from '@brume/api/object'

export const BOOTSTRAP_TOKEN_TYPE = 'bootstrap.kubernetes.io/token'
export const TOKEN_NAMESPACE = 'kube-system'

export interface SigningToken {
  id: string
  secret: string
}

/** A field of a Secret as text; '' when it is absent. */
export function secretText(secret: KubeObject, field: string): string {
  const value: unknown = secret.data?.[field]
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : ''
}

/** Milliseconds since the epoch; undefined: it never expires. A time that cannot be read is in the past. */
export function expiresAt(secret: KubeObject): number | undefined {
  const text = secretText(secret, 'expiration')
  if (text === '') return undefined
  const time = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time
}

/** The token of a Secret that may sign `cluster-info` at `now`; undefined when it may not. */
export function signingToken(secret: KubeObject, now: number): SigningToken | undefined {
  const id = secretText(secret, 'token-id')
  const token = secretText(secret, 'token-secret')
  if (!/^[a-z0-9]{6}$/.test(id) || !/^[a-z0-9]{16}$/.test(token)) return undefined
  if (secret.metadata.name !== `bootstrap-token-${id}`) return undefined
  if ((expiresAt(secret) ?? Number.POSITIVE_INFINITY) <= now) return undefined
  return secretText(secret, 'usage-bootstrap-signing') === 'true' ? { id, secret: token } : undefined
}
