// JSON Web Tokens (RFC 7519) in compact form, signed; nothing else of JOSE is accepted.

import { type KeyObject, sign, verify } from 'node:crypto'
import { digestOf, type VerificationKey, verificationKey } from './keys.ts'

/** Longer ones are not even looked at. */
const MAX_TOKEN_LENGTH = 16_384
const SHAPE = /^[\w-]+\.[\w-]+\.[\w-]+$/

export type Claims = Record<string, unknown>

export interface ParsedToken {
  header: { alg?: unknown; kid?: unknown; crit?: unknown }
  claims: Claims
  signingInput: string
  signature: Buffer
}

export function signToken(claims: Claims, privateKey: KeyObject): string {
  const { algorithm, id } = verificationKey(privateKey)
  const input = `${encode({ alg: algorithm, kid: id })}.${encode(claims)}`
  const signature = sign(digestOf(algorithm), Buffer.from(input), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
  })
  return `${input}.${signature.toString('base64url')}`
}

/** undefined when the text is not a token in compact form. Nothing is verified. Never throws. */
export function parseToken(text: string): ParsedToken | undefined {
  if (text.length > MAX_TOKEN_LENGTH || !SHAPE.test(text)) return undefined
  const [head = '', body = '', signature = ''] = text.split('.')
  const header = decode(head)
  const claims = decode(body)
  if (header === undefined || claims === undefined) return undefined
  return { header, claims, signingInput: `${head}.${body}`, signature: Buffer.from(signature, 'base64url') }
}

/** Whether one of `keys` signed it, with that key's own algorithm (the header has no say in it). */
export function isSignedBy(token: ParsedToken, keys: readonly VerificationKey[]): boolean {
  if (token.header.crit !== undefined) return false
  const named = keys.filter((key) => key.id === token.header.kid)
  const candidates = token.header.kid === undefined ? keys : named
  const input = Buffer.from(token.signingInput)
  return candidates.some(
    ({ key, algorithm }) =>
      token.header.alg === algorithm &&
      verify(digestOf(algorithm), input, { key, dsaEncoding: 'ieee-p1363' }, token.signature),
  )
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function decode(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Claims) : undefined
  } catch {
    return undefined
  }
}
