// Whether the claims of a service account token hold right now: in time, for this audience, and everything that the
// token is bound to still there under the same uid.

import { timingSafeEqual } from 'node:crypto'
import type { KubeObject } from '@brume/api/object'
import type { ObjectReader } from '../../registry/reader.ts'
import type { UserInfo } from '../types.ts'
import type { Claims } from './jwt.ts'
import { serviceAccountUser, serviceAccountUserName } from './service-account.ts'

/** Clocks may differ, and an object being deleted still vouches for its tokens, by this much. */
const LEEWAY_MS = 60_000
const INVALID_SINCE_LABEL = 'kubernetes.io/legacy-token-invalid-since'

export type ClaimsVerdict = { user: UserInfo; audiences: string[] } | { invalid: string }

export interface ClaimsContext {
  reader: ObjectReader
  /** Milliseconds since the epoch. */
  now: number
  /** The token must be for one of these. */
  audiences: readonly string[]
}

/** Verdict on the claims of a token with the `kubernetes.io` claim, whose signature and issuer are good. */
export function validateBoundClaims(claims: Claims, context: ClaimsContext): ClaimsVerdict {
  const outOfTime = checkTime(claims, context.now)
  if (outOfTime !== undefined) return { invalid: outOfTime }
  const audiences = checkAudiences(claims['aud'], context.audiences)
  if (audiences.length === 0) {
    const [given, wanted] = [strings(claims['aud']), context.audiences]
    return {
      invalid: `token audiences [${given.map(quote).join(' ')}] is invalid for the target audiences [${wanted.map(quote).join(' ')}]`,
    }
  }
  const own = record(claims['kubernetes.io'])
  const namespace = text(own?.['namespace'])
  const account = reference(own?.['serviceaccount'])
  if (own === undefined || namespace === '' || account === undefined) return { invalid: 'Token is invalid.' }
  if (claims['sub'] !== serviceAccountUserName({ namespace, name: account.name })) {
    return { invalid: 'sub claim does not match the service account' }
  }
  const bound = checkBoundObjects(own, namespace, account, context)
  if ('invalid' in bound) return bound
  const extra: Record<string, string[]> = { ...bound.extra }
  const id = text(claims['jti'])
  if (id !== '') extra['authentication.kubernetes.io/credential-id'] = [`JTI=${id}`]
  return { user: serviceAccountUser({ namespace, ...account }, extra), audiences }
}

/** Verdict on a token without end, which is good while its Secret holds it. */
export function validateLegacyClaims(token: string, claims: Claims, context: ClaimsContext): ClaimsVerdict {
  const claim = (name: string) => text(claims[`kubernetes.io/serviceaccount/${name}`])
  const namespace = claim('namespace')
  const name = claim('service-account.name')
  const uid = claim('service-account.uid')
  const secretName = claim('secret.name')
  if (namespace === '' || name === '' || uid === '' || secretName === '') {
    return { invalid: 'a claim of the service account token is missing' }
  }
  if (claims['sub'] !== serviceAccountUserName({ namespace, name })) {
    return { invalid: 'sub claim does not match the service account' }
  }
  const secret = context.reader.get('', 'secrets', namespace, secretName)
  if (secret === undefined || isGone(secret, context.now)) {
    return { invalid: 'Token has been invalidated' }
  }
  const held = Buffer.from(String(secret['data']?.['token'] ?? ''), 'base64')
  const given = Buffer.from(token)
  if (held.length !== given.length || !timingSafeEqual(held, given)) {
    return { invalid: "Token does not match server's copy" }
  }
  if (secret.metadata.labels?.[INVALID_SINCE_LABEL] !== undefined) {
    return { invalid: 'the token in secret has been marked invalid' }
  }
  const missing = checkObject(
    'ServiceAccount',
    context.reader.get('', 'serviceaccounts', namespace, name),
    uid,
    context.now,
  )
  if (missing !== undefined) return { invalid: missing }
  return { user: serviceAccountUser({ namespace, name, uid }, undefined), audiences: [...context.audiences] }
}

function checkTime(claims: Claims, now: number): string | undefined {
  const { exp, nbf, iat } = claims
  if (typeof exp !== 'number' || exp * 1000 + LEEWAY_MS <= now) return 'service account token has expired'
  const later = (value: unknown) => typeof value === 'number' && value * 1000 - LEEWAY_MS > now
  if (later(nbf) || later(iat)) return 'service account token is not valid yet'
  return undefined
}

function checkAudiences(claim: unknown, wanted: readonly string[]): string[] {
  const given = strings(claim)
  return wanted.filter((audience) => given.includes(audience))
}

type BoundVerdict = { extra: Record<string, string[]> } | { invalid: string }

function checkBoundObjects(
  own: Record<string, unknown>,
  namespace: string,
  account: { name: string; uid: string },
  { reader, now }: ClaimsContext,
): BoundVerdict {
  const extra: Record<string, string[]> = {}
  const checks = [
    { what: 'ServiceAccount', plural: 'serviceaccounts', in: namespace, ref: account },
    { what: 'Secret', plural: 'secrets', in: namespace, ref: reference(own['secret']) },
    { what: 'Pod', plural: 'pods', in: namespace, ref: reference(own['pod']) },
    // The node of a pod's token is only information; a token bound to the node itself ends with it.
    {
      what: 'Node',
      plural: 'nodes',
      in: '',
      ref: own['pod'] === undefined ? reference(own['node']) : undefined,
    },
  ]
  for (const { what, plural, in: scope, ref } of checks) {
    if (ref === undefined) continue
    const wrong = checkObject(what, reader.get('', plural, scope, ref.name), ref.uid, now)
    if (wrong !== undefined) return { invalid: wrong }
  }
  for (const kind of ['pod', 'node']) {
    const ref = reference(own[kind])
    if (ref === undefined) continue
    extra[`authentication.kubernetes.io/${kind}-name`] = [ref.name]
    extra[`authentication.kubernetes.io/${kind}-uid`] = [ref.uid]
  }
  return { extra }
}

function checkObject(
  what: string,
  object: KubeObject | undefined,
  uid: string,
  now: number,
): string | undefined {
  if (object === undefined || isGone(object, now)) return 'service account token has been invalidated'
  if (object.metadata.uid !== uid) {
    return `${what} UID (${object.metadata.uid}) does not match claim (${uid})`
  }
  return undefined
}

function isGone(object: KubeObject, now: number): boolean {
  const { deletionTimestamp } = object.metadata
  return deletionTimestamp !== undefined && Date.parse(deletionTimestamp) < now - LEEWAY_MS
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
}

function reference(value: unknown): { name: string; uid: string } | undefined {
  const found = record(value)
  if (found === undefined) return undefined
  return { name: text(found['name']), uid: text(found['uid']) }
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const quote = (value: string): string => JSON.stringify(value)
