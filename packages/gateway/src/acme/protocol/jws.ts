// Signed requests of ACME (RFC 8555 section 6.2: flattened JWS, RFC 7515) with an account's key (ES256), the thumbprint
// that goes into challenges (RFC 7638), and the binding to an account that was made elsewhere (section 7.3.4).

import { createHash, createHmac, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'

export interface AccountKey {
  privateKey: KeyObject
  /** The members that count, in the order that the thumbprint wants. */
  jwk: { crv: string; kty: string; x: string; y: string }
  thumbprint: string
}

export interface Jws {
  protected: string
  payload: string
  signature: string
}

/** How a CA knows a customer: both are given by it; the key is base64url. */
export interface ExternalAccount {
  keyId: string
  key: string
}

/** Of a private key on P-256 in PEM. Throws what node:crypto says of others. */
export function accountKey(pem: string): AccountKey {
  const privateKey = createPrivateKey(pem)
  const { crv, kty, x, y } = createPublicKey(privateKey).export({ format: 'jwk' })
  if (kty !== 'EC' || crv !== 'P-256') throw new Error('the key of an ACME account is one on P-256')
  const jwk = { crv, kty, x: x!, y: y! }
  return { privateKey, jwk, thumbprint: base64url(createHash('sha256').update(JSON.stringify(jwk)).digest()) }
}

export interface Signing {
  key: AccountKey
  /** The account's URL; without it the key itself is sent. */
  account: string | undefined
  nonce: string
  url: string
}

/** `payload` undefined: POST-as-GET. */
export function signedRequest({ key, account, nonce, url }: Signing, payload: unknown): Jws {
  const who = account === undefined ? { jwk: key.jwk } : { kid: account }
  const head = encoded({ alg: 'ES256', ...who, nonce, url })
  const body = payload === undefined ? '' : encoded(payload)
  const signature = sign('sha256', Buffer.from(`${head}.${body}`), {
    key: key.privateKey,
    dsaEncoding: 'ieee-p1363',
  })
  return { protected: head, payload: body, signature: base64url(signature) }
}

export function externalBinding({ keyId, key }: ExternalAccount, account: AccountKey, url: string): Jws {
  const head = encoded({ alg: 'HS256', kid: keyId, url })
  const body = encoded(account.jwk)
  const mac = createHmac('sha256', Buffer.from(key, 'base64url')).update(`${head}.${body}`).digest()
  return { protected: head, payload: body, signature: base64url(mac) }
}

function encoded(value: unknown): string {
  return base64url(Buffer.from(JSON.stringify(value)))
}

function base64url(bytes: Buffer): string {
  return bytes.toString('base64url')
}
