// How others learn to check our service account tokens: OpenID Connect Discovery 1.0 and the key set.

import type { KeyObject } from 'node:crypto'
import type { ApiResponse } from '../../http/types.ts'
import { jsonWebKeySet, verificationKey } from './keys.ts'

export const OPENID_CONFIGURATION_PATH = '/.well-known/openid-configuration'
export const JWKS_PATH = '/openid/v1/jwks'

/** `/.well-known/openid-configuration`; `jwksUri` is absolute. */
export function openidConfiguration(options: {
  issuer: string
  jwksUri: string
  publicKeys: readonly KeyObject[]
}): ApiResponse {
  const algorithms = new Set(options.publicKeys.map((key) => verificationKey(key).algorithm))
  return document('application/json', {
    issuer: options.issuer,
    jwks_uri: options.jwksUri,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...algorithms].sort(),
  })
}

/** `/openid/v1/jwks` */
export function jwks(publicKeys: readonly KeyObject[]): ApiResponse {
  return document('application/jwk-set+json', jsonWebKeySet(publicKeys.map(verificationKey)))
}

function document(contentType: string, content: unknown): ApiResponse {
  const headers = { 'content-type': contentType, 'cache-control': 'public, max-age=3600' }
  return { status: 200, headers, body: JSON.stringify(content) }
}
