// One audit event as it is written: audit.k8s.io/v1 Event, one JSON object.

import type { StatusError } from '@brume/base/errors'
import { stringifyJson } from '@brume/base/json'
import type { UserInfo } from '../auth/types.ts'
import { statusOf } from '../http/status.ts'
import type { ApiRequest } from '../http/types.ts'
import type { RequestInfo } from '../request/info.ts'
import { sourceIpsOf } from './source-ips.ts'
import { formatMicros } from './timestamp.ts'
import type { AuditLevel, AuditStage } from './types.ts'

/** As in Kubernetes. */
const MAX_USER_AGENT = 1024
/** Messages repeat what was sent, which may be large. */
const MAX_MESSAGE = 4096
/** Their messages are our own words. Others quote what was sent, or, of a patch, all that it would have made. */
const QUOTES_NOTHING: ReadonlySet<string> = new Set([
  'AlreadyExists',
  'Conflict',
  'Expired',
  'Forbidden',
  'MethodNotAllowed',
  'NotFound',
  'RequestEntityTooLarge',
  'TooManyRequests',
  'Unauthorized',
])
const NOT_REPEATED = 'what was sent is not repeated here'

export interface ObservedRequest {
  level: AuditLevel
  auditId: string
  request: ApiRequest
  info: RequestInfo
  /** undefined: nobody knows. */
  user: UserInfo | undefined
  /** In whose name it was made, if not the user's own. */
  impersonated: UserInfo | undefined
  /** What the request turned out to be about, where its path does not say it: the name of what it created. */
  target: { name?: string | undefined; namespace?: string | undefined; uid?: string | undefined }
  annotations: Readonly<Record<string, string>>
  requestObject: unknown
  responseObject: unknown
  /** undefined: not known yet. */
  outcome: { code: number; error?: StatusError | undefined } | undefined
  receivedAt: number
}

/** A line without its end. Times are milliseconds since the epoch. */
export function eventLine(of: ObservedRequest, stage: AuditStage, now: number): string {
  const { request, info, user, impersonated, annotations } = of
  const sourceIPs = sourceIpsOf(request)
  const userAgent = request.headers['user-agent'] ?? ''
  return stringifyJson({
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: of.level,
    auditID: of.auditId,
    stage,
    requestURI: uriOf(request),
    verb: info.verb,
    user: user === undefined ? {} : userOf(user),
    ...(impersonated === undefined ? {} : { impersonatedUser: userOf(impersonated) }),
    ...(sourceIPs.length === 0 ? {} : { sourceIPs }),
    ...(userAgent === '' ? {} : { userAgent: shortened(userAgent, MAX_USER_AGENT) }),
    ...(info.resourceRequest ? { objectRef: objectRefOf(info, of.target) } : {}),
    ...(of.outcome === undefined ? {} : { responseStatus: statusIn(of.outcome, of) }),
    ...(of.requestObject === undefined ? {} : { requestObject: of.requestObject }),
    ...(of.responseObject === undefined ? {} : { responseObject: of.responseObject }),
    requestReceivedTimestamp: formatMicros(of.receivedAt),
    stageTimestamp: formatMicros(now),
    ...(isEmpty(annotations) ? {} : { annotations }),
  })
}

function uriOf({ path, query }: ApiRequest): string {
  return query.size === 0 ? path : `${path}?${query}`
}

/** Users are shared by their requests, and so is how they are shown. */
const shownUsers = new WeakMap<UserInfo, object>()

function userOf(user: UserInfo): object {
  let shown = shownUsers.get(user)
  if (shown === undefined) {
    const { name, uid, groups, extra } = user
    shown = {
      username: name,
      ...(uid === undefined ? {} : { uid }),
      ...(groups.length === 0 ? {} : { groups }),
      ...(extra === undefined ? {} : { extra }),
    }
    shownUsers.set(user, shown)
  }
  return shown
}

function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}...TRUNCATED`
}

function objectRefOf(
  info: RequestInfo & { resourceRequest: true },
  target: ObservedRequest['target'],
): object {
  const namespace = info.namespace || target.namespace
  const name = info.name || target.name
  return {
    resource: info.resource,
    ...(namespace ? { namespace } : {}),
    ...(name ? { name } : {}),
    ...(target.uid === undefined ? {} : { uid: target.uid }),
    ...(info.group === '' ? {} : { apiGroup: info.group }),
    apiVersion: info.version,
    ...(info.subresource === '' ? {} : { subresource: info.subresource }),
  }
}

/**
 * Of an error, what its Status says (its causes are in the message too); of anything else the code alone. Where bodies
 * are left out, no secret comes in by way of the message either.
 */
function statusIn(
  { code, error }: NonNullable<ObservedRequest['outcome']>,
  { level, info }: Pick<ObservedRequest, 'level' | 'info'>,
): object {
  if (error === undefined) return { metadata: {}, code }
  const { metadata, status, message = '', reason } = statusOf(error)
  const { causes: _, ...details } = error.details ?? {}
  const isTold = level !== 'Metadata' || !carriesSecrets(info) || QUOTES_NOTHING.has(reason ?? '')
  return {
    ...{ metadata, status, message: isTold ? shortened(message, MAX_MESSAGE) : NOT_REPEATED, reason },
    ...(isEmpty(details) ? {} : { details }),
    code,
  }
}

function carriesSecrets(info: RequestInfo): boolean {
  if (!info.resourceRequest) return false
  const { group, resource } = info
  return group === ''
    ? resource === 'secrets'
    : group === 'authentication.k8s.io' && resource === 'tokenreviews'
}

function isEmpty(fields: object): boolean {
  for (const _ in fields) return false
  return true
}
