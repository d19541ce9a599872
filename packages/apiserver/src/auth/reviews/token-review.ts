// TokenReview: whose token is this? Asked by node agents and by services that accept our tokens.

import { badRequest, StatusError } from '@brume/base/errors'
import type { ApiRequest } from '../../http/types.ts'
import type { UserInfo } from '../types.ts'
import type { ReviewDeps, ReviewHandler } from './types.ts'
import { authenticated, userStatus } from './user-status.ts'

export const tokenReview: ReviewHandler = ({ object }, deps) => {
  const token = String(object['spec']?.token ?? '')
  if (token === '') throw badRequest('token is required for TokenReview in authentication')
  const asked = (object['spec']?.audiences ?? []) as string[]
  const verdict = review(token, asked.length === 0 ? deps.verifier.audiences : asked, deps)
  if ('invalid' in verdict) return { ...object, status: { user: {}, error: verdict.invalid } }
  const audiences = verdict.audiences.length === 0 ? {} : { audiences: verdict.audiences }
  const user = userStatus(authenticated(verdict.user))
  return { ...object, status: { authenticated: true, user, ...audiences } }
}

type Verdict = { user: UserInfo; audiences: readonly string[] } | { invalid: string }

function review(token: string, audiences: readonly string[], { verifier, otherTokens }: ReviewDeps): Verdict {
  const verdict = verifier.verify(token, audiences)
  if (verdict !== undefined) return verdict
  // Tokens of other kinds are for this API alone.
  const forApi = audiences.filter((audience) => verifier.audiences.includes(audience))
  if (forApi.length === 0) return { invalid: 'invalid bearer token' }
  try {
    const user = otherTokens.authenticate(carrying(token))
    if (user instanceof Promise || user === undefined) return { invalid: 'invalid bearer token' }
    return { user, audiences: forApi }
  } catch (error) {
    if (error instanceof StatusError) return { invalid: 'invalid bearer token' }
    throw error
  }
}

/** A request with nothing but the token. */
function carrying(token: string): ApiRequest {
  return {
    method: 'GET',
    path: '/',
    query: new URLSearchParams(),
    headers: { authorization: `Bearer ${token}` },
    bodyBytesToCome: 0,
    readBody: () => Promise.resolve(Buffer.alloc(0)),
    signal: new AbortController().signal,
    remoteAddress: '',
  }
}
