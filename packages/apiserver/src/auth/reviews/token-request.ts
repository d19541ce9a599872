// TokenRequest (serviceaccounts/NAME/token): a token for a service account, bound to an object if asked for.

import { type FieldError, invalid, invalidObject } from '@brume/api/field-error'
import type { KubeObject } from '@brume/api/object'
import { formatTime } from '@brume/base/clock'
import { badRequest, conflict, notFound } from '@brume/base/errors'
import type { ObjectReader } from '../../registry/reader.ts'
import { issueServiceAccountToken, type ObjectRef, type TokenBinding } from '../tokens/issue.ts'
import type { ReviewDeps, ReviewHandler, ReviewRequest } from './types.ts'

const MIN_SECONDS = 600
const MAX_SECONDS = 2 ** 32
const DEFAULT_SECONDS = 3600
/** The life that kubelet asks for in pods' automatic tokens: the sign that a client may never read it again. */
const PROJECTED_SECONDS = 3607
const EXTENDED_SECONDS = 365 * 24 * 3600

interface BoundObjectRef {
  apiVersion?: string
  kind?: string
  name?: string
  uid?: string
}

export const tokenRequest: ReviewHandler = (request, deps) => {
  const { object, namespace, name } = request
  const account = deps.reader.get('', 'serviceaccounts', namespace, name)
  if (account === undefined) throw notFound({ group: '', resource: 'serviceaccounts', name })
  checkTarget(request)
  const spec = (object['spec'] ?? {}) as Record<string, unknown>
  const seconds = Number(spec['expirationSeconds'] ?? DEFAULT_SECONDS)
  checkExpiration(object, seconds)
  const asked = (spec['audiences'] ?? []) as string[]
  const audiences = asked.length === 0 ? [...deps.verifier.audiences] : asked
  const binding = bind(
    (spec['boundObjectRef'] ?? undefined) as BoundObjectRef | undefined,
    request,
    deps.reader,
  )
  const extended = isProjected(seconds, binding, audiences, deps)
  const token = issueServiceAccountToken(
    {
      issuer: deps.issuer,
      audiences,
      serviceAccount: { namespace, name, uid: account.metadata.uid ?? '' },
      now: deps.clock.now(),
      expirationSeconds: extended ? EXTENDED_SECONDS : seconds,
      ...(extended ? { warnAfterSeconds: seconds } : {}),
      ...binding,
    },
    deps.signingKey,
  )
  const expirationTimestamp = formatTime(deps.clock.now() + seconds * 1000)
  return {
    ...object,
    metadata: { ...object.metadata, name, namespace, creationTimestamp: formatTime(deps.clock.now()) },
    spec: { ...spec, audiences, expirationSeconds: seconds },
    status: { token, expirationTimestamp },
  }
}

function checkTarget({ object, namespace, name }: ReviewRequest): void {
  const { metadata = {} } = object
  if (metadata.name && metadata.name !== name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`)
  }
  if (metadata.namespace && metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
}

function checkExpiration(object: KubeObject, seconds: number): void {
  const errors: FieldError[] = []
  const field = 'spec.expirationSeconds'
  if (seconds < MIN_SECONDS) {
    errors.push(invalid(field, seconds, 'may not specify a duration less than 10 minutes'))
  }
  if (seconds > MAX_SECONDS) {
    errors.push(invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds'))
  }
  if (errors.length === 0) return
  throw invalidObject(
    { group: 'authentication.k8s.io', kind: 'TokenRequest', name: object.metadata?.name ?? '' },
    errors,
  )
}

const BINDABLE: Record<string, { plural: string; key: 'pod' | 'secret' | 'node' }> = {
  Pod: { plural: 'pods', key: 'pod' },
  Secret: { plural: 'secrets', key: 'secret' },
  Node: { plural: 'nodes', key: 'node' },
}

function bind(ref: BoundObjectRef | undefined, request: ReviewRequest, reader: ObjectReader): TokenBinding {
  if (ref === undefined) return {}
  const { kind = '', apiVersion = '', name = '' } = ref
  const bindable = apiVersion === 'v1' && Object.hasOwn(BINDABLE, kind) ? BINDABLE[kind] : undefined
  if (bindable === undefined) {
    throw badRequest(
      `cannot bind token to object of type ${apiVersion.replace(/^([^/]+)$/, '/$1')}, Kind=${kind}`,
    )
  }
  const { plural, key } = bindable
  const object = reader.get('', plural, key === 'node' ? '' : request.namespace, name)
  if (object === undefined) throw notFound({ group: '', resource: plural, name })
  const uid = object.metadata.uid ?? ''
  if (key === 'pod' && object['spec']?.serviceAccountName !== request.name) {
    const account = JSON.stringify(request.name)
    throw badRequest(
      `cannot bind token for serviceaccount ${account} to pod running with different serviceaccount name.`,
    )
  }
  if (ref.uid && ref.uid !== uid) {
    const why = `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`
    throw conflict({ group: '', resource: kind, name }, why)
  }
  const binding: TokenBinding = { [key]: { name, uid } }
  return key === 'pod' ? { ...binding, ...nodeOf(object, reader) } : binding
}

function nodeOf(pod: KubeObject, reader: ObjectReader): { node?: ObjectRef } {
  const name = pod['spec']?.nodeName
  if (typeof name !== 'string' || name === '') return {}
  return { node: { name, uid: reader.get('', 'nodes', '', name)?.metadata.uid ?? '' } }
}

/**
 * A pod's automatic token is good for a year, although the node replaces it each hour: old clients read it only
 * once. The claim `warnafter` marks when it should have been read again.
 */
function isProjected(
  seconds: number,
  { pod }: TokenBinding,
  audiences: string[],
  { verifier }: ReviewDeps,
): boolean {
  const forApi = audiences.every((audience) => verifier.audiences.includes(audience))
  return seconds === PROJECTED_SECONDS && pod !== undefined && forApi
}
