// Orders of certificates (RFC 8555 section 7.4), as plain data read from the CA, and the steps that lead one from
// `pending` to a certificate. Each step may be repeated.

import { type Json, listOf } from '@brume/api/validate/json'
import type { Clock } from '@brume/base/clock'
import { AcmeError, problemError } from './error.ts'
import type { Answer } from './https.ts'
import { type AcmeSession, jsonOf, retryAfter, urlIn } from './session.ts'

export type OrderStatus = 'pending' | 'ready' | 'processing' | 'valid' | 'invalid'

export interface Order {
  status: OrderStatus
  finalize: string
  certificate: string | undefined
  error: AcmeError | undefined
  authorizations: Authorization[]
  /** The CA wants to be asked again after so long. */
  pollAfterMs: number | undefined
}

export interface Authorization {
  host: string
  status: string
  /** How it is proven over HTTP; none where the CA does not offer that. */
  challenge: Challenge | undefined
}

export interface Challenge {
  url: string
  token: string
  /** What is answered at /.well-known/acme-challenge/TOKEN. */
  answer: string
  status: string
  error: AcmeError | undefined
}

const STATUSES: readonly string[] = ['pending', 'ready', 'processing', 'valid', 'invalid']
/** RFC 8555 section 8.1: base64url, of at least 128 bits. It becomes a line of a map: nothing else may be in it. */
const TOKEN = /^[A-Za-z0-9_-]{16,256}$/

/** Gives the order's URL. `replaces`: the certificate that it is the next one of (RFC 9773 section 5). Throws AcmeError. */
export async function newOrder(
  session: AcmeSession,
  hosts: readonly string[],
  replaces?: string,
): Promise<string> {
  const identifiers = hosts.map((value) => ({ type: 'dns', value }))
  // To a CA that does not know the field it would be one of a malformed order.
  const says = replaces !== undefined && (await session.renewalInfo()) !== undefined ? { replaces } : {}
  const url = await session.urlOf('newOrder')
  const answer = await session.post(url, { identifiers, ...says }).catch((error) => {
    if (!('replaces' in says) || !isAboutReplacing(error)) throw error
    return session.post(url, { identifiers })
  })
  return orderIn(answer)
}

/** It has been replaced already, or the CA does not find it. The order may be made without. */
function isAboutReplacing(error: unknown): boolean {
  return error instanceof AcmeError && ['alreadyReplaced', 'malformed', 'unauthorized'].includes(error.type)
}

function orderIn(answer: Answer): string {
  const url = answer.headers['location']
  if (url === undefined) throw new AcmeError('malformed', 'the CA gave an order without an address')
  return url
}

/** The order as it is now; its authorizations are read while they matter. Throws AcmeError. */
export async function readOrder(session: AcmeSession, url: string, clock: Clock): Promise<Order> {
  const answer = await session.post(url)
  const order = jsonOf(answer)
  const status = order['status']
  if (!STATUSES.includes(status))
    throw new AcmeError('malformed', 'the CA gave an order of an unknown status')
  const matter = status === 'pending' || status === 'invalid'
  const authorizations: Authorization[] = []
  const waits = [waitOf(answer, clock)]
  for (const one of matter ? listOf(order['authorizations']) : []) {
    const found = await session.post(String(one))
    waits.push(waitOf(found, clock))
    authorizations.push(authorizationOf(jsonOf(found), session.key.thumbprint))
  }
  const asked = waits.filter((wait) => wait !== undefined)
  return {
    status,
    finalize: urlIn(order, 'finalize', 'an order'),
    certificate: typeof order['certificate'] === 'string' ? order['certificate'] : undefined,
    error: errorOf(order['error']),
    authorizations,
    pollAfterMs: asked.length === 0 ? undefined : Math.max(...asked),
  }
}

/** Says to the CA that the challenge may be looked at. */
export async function respond(session: AcmeSession, challenge: Challenge): Promise<void> {
  await session.post(challenge.url, {})
}

/** `csr`: a certificate request in PEM. */
export async function finalize(session: AcmeSession, order: Order, csr: string): Promise<void> {
  const der = csr.replace(/-----[^-]+-----|\s/g, '')
  await session.post(order.finalize, { csr: Buffer.from(der, 'base64').toString('base64url') })
}

/** The chain in PEM, of a valid order. */
export async function readCertificate(session: AcmeSession, order: Order): Promise<string> {
  if (order.certificate === undefined) {
    throw new AcmeError('malformed', 'the CA gave a valid order without a certificate')
  }
  return (await session.post(order.certificate)).text
}

function waitOf(answer: Answer, clock: Clock): number | undefined {
  return retryAfter(answer, clock.now())
}

function authorizationOf(found: Json, thumbprint: string): Authorization {
  const offered = listOf(found['challenges']).find(({ type }) => type === 'http-01')
  return {
    host: String(found['identifier']?.value ?? ''),
    status: String(found['status']),
    challenge: offered === undefined ? undefined : challengeOf(offered, thumbprint),
  }
}

function challengeOf(offered: Json, thumbprint: string): Challenge {
  const token = String(offered['token'])
  if (!TOKEN.test(token)) throw new AcmeError('malformed', 'the CA gave a challenge with an unusable token')
  return {
    url: urlIn(offered, 'url', 'a challenge'),
    token,
    answer: `${token}.${thumbprint}`,
    status: String(offered['status']),
    error: errorOf(offered['error']),
  }
}

function errorOf(problem: unknown): AcmeError | undefined {
  return typeof problem === 'object' && problem !== null ? problemError(problem) : undefined
}
