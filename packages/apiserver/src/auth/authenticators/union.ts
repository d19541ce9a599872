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
    authenticate(request) {
      if (request.user !== undefined) return mark(request.user)
      const user = firstOf({ methods, request, from: 0, refusal: undefined })
      return user instanceof Promise ? user.then(known) : known(user)
    },
  }

  function known(user: UserInfo | undefined): UserInfo {
    return user === undefined ? ANONYMOUS : mark(user)
  }
}

interface Asking {
  methods: readonly Authenticator[]
  request: ApiRequest
  from: number
  /** Of the methods before. */
  refusal: StatusError | undefined
}

/** Waits only where a method does: most know at once. */
function firstOf(asking: Asking): UserInfo | undefined | Promise<UserInfo | undefined> {
  const { methods, request, from } = asking
  let { refusal } = asking
  for (let i = from; i < methods.length; i++) {
    try {
      const answer = methods[i]!.authenticate(request)
      if (answer instanceof Promise) {
        const others = (error?: unknown) =>
          firstOf({
            ...asking,
            from: i + 1,
            refusal: refusal ?? (error === undefined ? undefined : refusalOf(error)),
          })
        return answer.then((user) => user ?? others(), others)
      }
      if (answer !== undefined) return answer
    } catch (error) {
      refusal ??= refusalOf(error)
    }
  }
  if (refusal !== undefined) throw refusal
  if (bearerToken(request) !== undefined) throw unauthorized('nobody knows this bearer token')
  return undefined
}

/** Anything else is a bug, and thrown. */
function refusalOf(error: unknown): StatusError {
  if (!(error instanceof StatusError)) throw error
  return error
}
