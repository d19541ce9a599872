// Verifies service account tokens. Signatures are checked once a token and remembered; what a token is bound to is
// looked at on every use.

import { hash, type KeyObject } from 'node:crypto'
import type { Clock } from '@brume/base/clock'
import type { ObjectReader } from '../../registry/reader.ts'
import { LEGACY_ISSUER } from './issue.ts'
import { type Claims, isSignedBy, parseToken } from './jwt.ts'
import { verificationKey } from './keys.ts'
import { type ClaimsVerdict, validateBoundClaims, validateLegacyClaims } from './validate-claims.ts'

/** Signatures that are remembered; the least recently seen is forgotten first. */
const MAX_REMEMBERED = 10_000

export interface TokenVerifierOptions {
  publicKeys: readonly KeyObject[]
  /** The first signs; tokens of the others are accepted. */
  issuers: readonly string[]
  /** Audiences of this API: the default of every check. */
  audiences: readonly string[]
  reader: ObjectReader
  clock: Clock
}

export interface TokenVerifier {
  readonly audiences: readonly string[]
  /** undefined: not a service account token of ours at all. */
  verify(token: string, audiences?: readonly string[]): ClaimsVerdict | undefined
}

export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const keys = options.publicKeys.map(verificationKey)
  const remembered = new Map<string, Claims>()

  function signedClaims(token: string): Claims | 'unsigned' | undefined {
    const fingerprint = hash('sha256', token, 'base64url')
    const known = remembered.get(fingerprint)
    if (known !== undefined) {
      remembered.delete(fingerprint)
      remembered.set(fingerprint, known)
      return known
    }
    const parsed = parseToken(token)
    if (parsed === undefined) return undefined
    const issuer = parsed.claims['iss']
    const isOurs = issuer === LEGACY_ISSUER || options.issuers.some((own) => own === issuer)
    if (!isOurs) return undefined
    if (!isSignedBy(parsed, keys)) return 'unsigned'
    remembered.set(fingerprint, parsed.claims)
    if (remembered.size > MAX_REMEMBERED) remembered.delete(remembered.keys().next().value!)
    return parsed.claims
  }

  return {
    audiences: options.audiences,
    verify(token, audiences = options.audiences) {
      const claims = signedClaims(token)
      if (claims === undefined) return undefined
      if (claims === 'unsigned')
        return { invalid: 'invalid bearer token: its signature is not by a known key' }
      const context = { reader: options.reader, now: options.clock.now(), audiences }
      if (claims['iss'] !== LEGACY_ISSUER) return validateBoundClaims(claims, context)
      // Tokens without an audience are for the API only.
      const forApi = audiences.filter((audience) => options.audiences.includes(audience))
      if (forApi.length === 0) return { invalid: 'token has no audience but the API itself' }
      return validateLegacyClaims(token, claims, { ...context, audiences: forApi })
    },
  }
}
