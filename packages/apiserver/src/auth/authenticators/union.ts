// All the ways to say who one is, in Kubernetes' order: the first that knows the caller decides; credentials that
// nobody accepts are 401; no credentials at all is the anonymous user.

import { StatusError } from '@brume/base/errors'
import type { ApiRequest } from '../../http/types.ts'
import type { Authenticator, UserInfo } from '../types.ts'
import { bearerToken } from './bearer-token.ts'
import { unauthorized } from './unauthorized.ts'

export const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] }
const AUTHENTICATED = 'system:authenticated'

/** Every user but the anonymous one gets the group system:authenticated. In-process callers are who they say. */
export function unionAuthenticator(methods: readonly Authenticator[]): Authenticator {
  const marked = new WeakMap<UserInfo, UserInfo>()
  function mark(user: UserInfo): UserInfo {
    const known = marked.get(user)
    if (known !== undefined) return known
    const isMarked = user.groups.includes(AUTHENTICATED) || user.name === ANONYMOUS.name
    const result = isMarked ? user : { ...user, groups: [...user.groups, AUTHENTICATED] }
    marked.set(user, result)
    return result
  }
  return {
    async authenticate(request) {
      if (request.user !== undefined) return mark(request.user)
      const user = await firstOf(methods, request)
      return user === undefined ? ANONYMOUS : mark(user)
    },
  }
}

async function firstOf(
  methods: readonly Authenticator[],
  request: ApiRequest,
): Promise<UserInfo | undefined> {
  let refusal: StatusError | undefined
  for (const method of methods) {
    try {
      const answer = method.authenticate(request)
      const user = answer instanceof Promise ? await answer : answer
      if (user !== undefined) return user
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      refusal ??= error
    }
  }
  if (refusal !== undefined) throw refusal
  if (bearerToken(request) !== undefined) throw unauthorized('nobody knows this bearer token')
  return undefined
}
