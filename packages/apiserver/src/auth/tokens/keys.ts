// Which algorithm a key signs with and how it is named: RFC 7518 and RFC 7517.

import { createPublicKey, hash, type JsonWebKey, type KeyObject } from 'node:crypto'
import { assert } from '@brume/base/assert'

export type SigningAlgorithm = 'RS256' | 'ES256' | 'ES384' | 'ES512'

export interface VerificationKey {
  key: KeyObject
  algorithm: SigningAlgorithm
  /** SHA-256 of the DER public key in base64url, the way Kubernetes names its keys. */
  id: string
}

const BY_CURVE: Record<string, SigningAlgorithm> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
}
const DIGESTS: Record<SigningAlgorithm, string> = {
  RS256: 'sha256',
  ES256: 'sha256',
  ES384: 'sha384',
  ES512: 'sha512',
}

/** undefined for a type of key that tokens cannot be signed with. */
export function algorithmOf(key: KeyObject): SigningAlgorithm | undefined {
  if (key.asymmetricKeyType === 'rsa') return 'RS256'
  if (key.asymmetricKeyType !== 'ec') return undefined
  return BY_CURVE[key.asymmetricKeyDetails?.namedCurve ?? '']
}

export function digestOf(algorithm: SigningAlgorithm): string {
  return DIGESTS[algorithm]
}

/** For a public or a private key (whose public half is named). */
export function verificationKey(key: KeyObject): VerificationKey {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  const algorithm = algorithmOf(publicKey)
  assert(algorithm !== undefined, 'service account keys are RSA or ECDSA on a NIST curve')
  const id = hash('sha256', publicKey.export({ type: 'spki', format: 'der' }), 'base64url')
  return { key: publicKey, algorithm, id }
}

/** A JSON Web Key Set of public keys, for anyone who wants to check our tokens. */
export function jsonWebKeySet(keys: readonly VerificationKey[]): { keys: JsonWebKey[] } {
  return {
    keys: keys.map(({ key, algorithm, id }) => ({
      use: 'sig',
      kid: id,
      alg: algorithm,
      ...key.export({ format: 'jwk' }),
    })),
  }
}
