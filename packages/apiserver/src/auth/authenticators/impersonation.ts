// Acting as someone else (`kubectl --as`): each part of the other identity is authorized by itself, as Kubernetes does.

import { StatusError } from '@brume/base/errors'
import type { ApiRequest } from '../../http/types.ts'
import { forbiddenFor } from '../authorizers/forbidden.ts'
import { parseServiceAccountUserName, serviceAccountGroups } from '../tokens/service-account.ts'
import type { Authorizer, UserInfo } from '../types.ts'

const PREFIX = 'impersonate-'
const EXTRA_PREFIX = `${PREFIX}extra-`
const I = PREFIX.charCodeAt(0)
const AUTHENTICATED = 'system:authenticated'
const UNAUTHENTICATED = 'system:unauthenticated'

/** The user the request is to be carried out as; `user` itself without impersonation. Throws StatusError. */
export function impersonate(
  request: Pick<ApiRequest, 'headers'>,
  user: UserInfo,
  authorizer: Authorizer,
): UserInfo {
  const wanted = isImpersonated(request.headers) ? readHeaders(request.headers) : undefined
  if (wanted === undefined) return user
  const account = parseServiceAccountUserName(wanted.name)
  const ask = (ref: {
    resource: string
    name: string
    subresource?: string
    namespace?: string
    group?: string
  }) => {
    const { resource, name, subresource = '', namespace = '', group = '' } = ref
    const version = group === '' ? '' : 'v1'
    const attributes = {
      ...{ resourceRequest: true as const, user, verb: 'impersonate' },
      ...{ group, version, resource, subresource, namespace, name },
    }
    const decision = authorizer.authorize(attributes)
    if (!decision.allowed) throw forbiddenFor(attributes, decision.reason)
  }
  if (account !== undefined) ask({ resource: 'serviceaccounts', ...account })
  else ask({ resource: 'users', name: wanted.name })
  for (const name of wanted.groups) ask({ resource: 'groups', name })
  const group = 'authentication.k8s.io'
  for (const [key, values] of Object.entries(wanted.extra)) {
    for (const name of values) ask({ group, resource: 'userextras', subresource: key, name })
  }
  if (wanted.uid !== undefined) ask({ group, resource: 'uids', name: wanted.uid })
  return {
    name: wanted.name,
    groups: groupsOf(wanted, account?.namespace),
    ...(wanted.uid === undefined ? {} : { uid: wanted.uid }),
    ...(Object.keys(wanted.extra).length === 0 ? {} : { extra: wanted.extra }),
  }
}

interface Wanted {
  name: string
  uid: string | undefined
  groups: string[]
  extra: Record<string, string[]>
}

/** Asked of every request: most are not, and it costs next to nothing to see. */
function isImpersonated(headers: ApiRequest['headers']): boolean {
  for (const name in headers) if (name.charCodeAt(0) === I && name.startsWith(PREFIX)) return true
  return false
}

/** Repeated headers arrive joined by a comma and a space. Each part is authorized by itself, so a split is safe. */
function readHeaders(headers: ApiRequest['headers']): Wanted | undefined {
  const name = headers['impersonate-user'] ?? ''
  const uid = headers['impersonate-uid']
  const groups = split(headers['impersonate-group'])
  const extra: Record<string, string[]> = Object.create(null)
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith(EXTRA_PREFIX)) continue
    extra[decodeKey(header.slice(EXTRA_PREFIX.length))] = split(value)
  }
  if (name !== '') return { name, uid, groups, extra }
  if (groups.length > 0 || uid !== undefined || Object.keys(extra).length > 0) {
    throw new StatusError(
      'InternalError',
      'Internal Server Error: impersonation without a user: give Impersonate-User',
    )
  }
  return undefined
}

function groupsOf(wanted: Wanted, serviceAccountNamespace: string | undefined): string[] {
  const given = wanted.groups.length > 0
  const fixed = serviceAccountNamespace === undefined ? [] : serviceAccountGroups(serviceAccountNamespace)
  const groups = given ? wanted.groups : fixed
  const marks = wanted.name === 'system:anonymous' ? [UNAUTHENTICATED] : [AUTHENTICATED, UNAUTHENTICATED]
  return groups.some((group) => marks.includes(group)) ? groups : [...groups, marks[0]!]
}

function split(value: string | undefined): string[] {
  return (value ?? '')
    .split(', ')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}
