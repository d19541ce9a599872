// What a service account is called as a user.

import type { UserInfo } from '../types.ts'

const PREFIX = 'system:serviceaccount:'
const GROUP = 'system:serviceaccounts'

export interface ServiceAccountName {
  namespace: string
  name: string
}

export function serviceAccountUserName({ namespace, name }: ServiceAccountName): string {
  return `${PREFIX}${namespace}:${name}`
}

export function serviceAccountGroups(namespace: string): string[] {
  return [GROUP, `${GROUP}:${namespace}`]
}

/** undefined when the user name is not a service account's. */
export function parseServiceAccountUserName(user: string): ServiceAccountName | undefined {
  if (!user.startsWith(PREFIX)) return undefined
  const [namespace, name, ...more] = user.slice(PREFIX.length).split(':')
  if (namespace === undefined || name === undefined || more.length > 0) return undefined
  const isName = (text: string, max: number) =>
    text.length <= max && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(text)
  return isName(namespace, 63) && isName(name, 253) ? { namespace, name } : undefined
}

export function serviceAccountUser(
  of: ServiceAccountName & { uid: string },
  extra: UserInfo['extra'],
): UserInfo {
  return {
    name: serviceAccountUserName(of),
    uid: of.uid,
    groups: serviceAccountGroups(of.namespace),
    ...(extra === undefined || Object.keys(extra).length === 0 ? {} : { extra }),
  }
}
