// Service account tokens as bearer tokens.

import type { TokenVerifier } from '../tokens/verifier.ts'
import type { Authenticator } from '../types.ts'
import { bearerToken } from './bearer-token.ts'
import { unauthorized } from './unauthorized.ts'

export function serviceAccountTokenAuthenticator(verifier: TokenVerifier): Authenticator {
  return {
    authenticate(request) {
      const token = bearerToken(request)
      if (token === undefined) return undefined
      const verdict = verifier.verify(token)
      if (verdict === undefined) return undefined
      if ('invalid' in verdict) throw unauthorized(verdict.invalid)
      return verdict.user
    },
  }
}
