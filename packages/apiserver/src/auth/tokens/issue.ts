// Service account tokens: what they claim, and writing them. Claims as Kubernetes' own API server sets them, so that
// anything that reads pod tokens (Vault, cloud identity federation, SPIRE) understands ours.

import { type KeyObject, randomUUID } from 'node:crypto'
import { signToken } from './jwt.ts'
import { type ServiceAccountName, serviceAccountUserName } from './service-account.ts'

export const LEGACY_ISSUER = 'kubernetes/serviceaccount'

export interface ObjectRef {
  name: string
  uid: string
}

export interface ServiceAccountRef extends ServiceAccountName {
  uid: string
}

/** What a token lives and dies with, beside its service account. */
export interface TokenBinding {
  pod?: ObjectRef
  secret?: ObjectRef
  node?: ObjectRef
}

export interface TokenSpec extends TokenBinding {
  issuer: string
  audiences: readonly string[]
  serviceAccount: ServiceAccountRef
  /** Milliseconds since the epoch. */
  now: number
  expirationSeconds: number
  /** Seconds from now after which use of the token counts as stale (a client that does not read it again). */
  warnAfterSeconds?: number
}

/** A signed token with a random id. */
export function issueServiceAccountToken(spec: TokenSpec, privateKey: KeyObject): string {
  const now = Math.floor(spec.now / 1000)
  const { namespace, name, uid } = spec.serviceAccount
  const kubernetes: Record<string, unknown> = { namespace, serviceaccount: { name, uid } }
  if (spec.pod !== undefined) kubernetes['pod'] = spec.pod
  if (spec.secret !== undefined) kubernetes['secret'] = spec.secret
  if (spec.node !== undefined) kubernetes['node'] = spec.node
  if (spec.warnAfterSeconds !== undefined) kubernetes['warnafter'] = now + spec.warnAfterSeconds
  const claims = {
    aud: [...spec.audiences],
    exp: now + spec.expirationSeconds,
    iat: now,
    iss: spec.issuer,
    jti: randomUUID(),
    'kubernetes.io': kubernetes,
    nbf: now,
    sub: serviceAccountUserName(spec.serviceAccount),
  }
  return signToken(claims, privateKey)
}

/**
 * The token that a Secret of type kubernetes.io/service-account-token carries. It has no end: it is good while the
 * Secret holds it.
 */
export function serviceAccountTokenFor(
  { serviceAccount, secretName }: { serviceAccount: ServiceAccountRef; secretName: string },
  privateKey: KeyObject,
): string {
  const claims = {
    iss: LEGACY_ISSUER,
    'kubernetes.io/serviceaccount/namespace': serviceAccount.namespace,
    'kubernetes.io/serviceaccount/secret.name': secretName,
    'kubernetes.io/serviceaccount/service-account.name': serviceAccount.name,
    'kubernetes.io/serviceaccount/service-account.uid': serviceAccount.uid,
    sub: serviceAccountUserName(serviceAccount),
  }
  return signToken(claims, privateKey)
}
