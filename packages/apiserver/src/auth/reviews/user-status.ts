// How a user is written in an API object.

import type { UserInfo } from '../types.ts'

const AUTHENTICATED = 'system:authenticated'

/** UserInfo of authentication.k8s.io: what is empty is left out. */
export function userStatus(user: UserInfo): Record<string, unknown> {
  return {
    username: user.name,
    ...(user.uid === undefined ? {} : { uid: user.uid }),
    ...(user.groups.length === 0 ? {} : { groups: [...user.groups] }),
    ...(user.extra === undefined ? {} : { extra: { ...user.extra } }),
  }
}

/** A user whose token was accepted is in this group. */
export function authenticated(user: UserInfo): UserInfo {
  if (user.groups.includes(AUTHENTICATED)) return user
  return { ...user, groups: [...user.groups, AUTHENTICATED] }
}
