// Talking to one CA as one account: its directory, a nonce for each request, requests repeated when a nonce was not good,
// and problem documents as errors (RFC 8555 sections 6 and 7.1 to 7.3).

import type { Agent } from 'node:https'
import { type Json, listOf } from '@brume/api/validate/json'
import type { Clock } from '@brume/base/clock'
import { AcmeError, problemError } from './error.ts'
import { type Answer, agentFor, send } from './https.ts'
import { type AccountKey, type ExternalAccount, externalBinding, signedRequest } from './jws.ts'

export interface SessionOptions {
  /** URL of the CA's directory. */
  directory: string
  /** PEM of CAs that are trusted for it besides the public ones. */
  ca: string | undefined
  email: string
  externalAccount: ExternalAccount | undefined
  key: AccountKey
  clock: Clock
}

/** RFC 8555 section 6.5: a client should try again with a new nonce. Some servers refuse good ones to see that it does. */
const MAX_NONCE_TRIES = 10
const MAX_NONCES = 10
const MAX_RETRY_AFTER_MS = 7 * 24 * 3600_000

export class AcmeSession {
  readonly #options: SessionOptions
  readonly #agent: Agent
  #directory: Promise<Json> | undefined
  #account: Promise<string> | undefined
  #nonces: string[] = []
  #closed = false

  constructor(options: SessionOptions) {
    this.#options = options
    this.#agent = agentFor(options.ca)
  }

  get key(): AccountKey {
    return this.#options.key
  }

  /** What is under way ends with an error that is no AcmeError: nobody refused anything. */
  close(): void {
    this.#closed = true
    this.#agent.destroy()
  }

  /** The URL of one of the CA's services. Throws AcmeError. */
  async urlOf(service: 'newNonce' | 'newAccount' | 'newOrder'): Promise<string> {
    return urlIn(await this.#known(), service, 'the directory')
  }

  /** Where is told when to renew certificates; undefined: the CA gives no advice. Throws AcmeError. */
  async renewalInfo(): Promise<string | undefined> {
    const { renewalInfo } = await this.#known()
    return typeof renewalInfo === 'string' ? renewalInfo.replace(/\/+$/, '') : undefined
  }

  /** What everybody may read. Throws AcmeError. */
  async read(url: string): Promise<Answer> {
    return this.#good(await this.#send(url, 'GET'))
  }

  /** A request of the account, which is made first where there is none. `payload` undefined: POST-as-GET. */
  async post(url: string, payload?: unknown): Promise<Answer> {
    this.#account ??= this.#ensureAccount()
    const account = await keptIfGood(this.#account, () => {
      this.#account = undefined
    })
    try {
      return await this.#signed(url, account, payload)
    } catch (error) {
      // The CA has lost it, as test servers do: the next try makes it anew.
      if (error instanceof AcmeError && error.type === 'accountDoesNotExist') this.#account = undefined
      throw error
    }
  }

  async #known(): Promise<Json> {
    this.#directory ??= this.read(this.#options.directory).then(jsonOf)
    return keptIfGood(this.#directory, () => {
      this.#directory = undefined
    })
  }

  /** Idempotent by its key: an account that is there is found, and told the address that is set now. */
  async #ensureAccount(): Promise<string> {
    const { email, externalAccount, key } = this.#options
    const url = await this.urlOf('newAccount')
    const contact = [`mailto:${email}`]
    const binding =
      externalAccount === undefined
        ? {}
        : { externalAccountBinding: externalBinding(externalAccount, key, url) }
    const answer = await this.#signed(url, undefined, { termsOfServiceAgreed: true, contact, ...binding })
    const account = answer.headers['location']
    if (account === undefined) throw new AcmeError('malformed', 'the CA gave an account without an address')
    const known = listOf(jsonOf(answer).contact).map(String)
    if (answer.status === 200 && known.length > 0 && !known.includes(contact[0]!)) {
      await this.#signed(account, account, { contact })
    }
    return account
  }

  async #signed(url: string, account: string | undefined, payload: unknown): Promise<Answer> {
    const { key } = this.#options
    for (let tries = 1; ; tries++) {
      const nonce = this.#nonces.pop() ?? (await this.#freshNonce())
      const body = JSON.stringify(signedRequest({ key, account, nonce, url }, payload))
      const answer = await this.#send(url, 'POST', body)
      this.#remember(answer)
      try {
        return this.#good(answer)
      } catch (error) {
        const again = error instanceof AcmeError && error.type === 'badNonce' && tries < MAX_NONCE_TRIES
        if (!again) throw error
      }
    }
  }

  async #freshNonce(): Promise<string> {
    const answer = await this.#send(await this.urlOf('newNonce'), 'HEAD')
    const nonce = answer.headers['replay-nonce']
    if (nonce === undefined) throw new AcmeError('malformed', 'the CA gives no nonce')
    return nonce
  }

  async #send(url: string, method: 'GET' | 'HEAD' | 'POST', body?: string): Promise<Answer> {
    try {
      if (!this.#closed)
        return await send(url, { agent: this.#agent, method, ...(body === undefined ? {} : { body }) })
    } catch (error) {
      if (!this.#closed) throw error
    }
    throw new Error('the CA is not talked to any more: the edge is ending')
  }

  #remember({ headers }: Answer): void {
    const nonce = headers['replay-nonce']
    if (nonce !== undefined) this.#nonces = [...this.#nonces, nonce].slice(-MAX_NONCES)
  }

  #good(answer: Answer): Answer {
    if (answer.status >= 200 && answer.status < 300) return answer
    const retryAfterMs = retryAfter(answer, this.#options.clock.now())
    if (/^application\/problem\+json/.test(answer.headers['content-type'] ?? '')) {
      throw problemError(jsonOf(answer), retryAfterMs)
    }
    const type = answer.status === 429 ? 'rateLimited' : 'server'
    throw new AcmeError(type, `the CA answered with HTTP ${answer.status}`, { retryAfterMs })
  }
}

/** Seconds or a date (RFC 9110 section 10.2.3); undefined where nothing usable is said. Bounded. */
export function retryAfter({ headers }: Pick<Answer, 'headers'>, now: number): number | undefined {
  const text = headers['retry-after']?.trim()
  if (text === undefined || text === '') return undefined
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS)
}

/** The object in an answer. Throws AcmeError `malformed`. */
export function jsonOf({ text }: Answer): Json {
  try {
    const value = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // Said below.
  }
  throw new AcmeError('malformed', 'the CA answered with something that is no JSON object')
}

export function urlIn(object: Json, field: string, what: string): string {
  const url = object[field]
  if (typeof url !== 'string') throw new AcmeError('malformed', `${what} of the CA has no ${field}`)
  return url
}

async function keptIfGood<T>(promise: Promise<T>, forget: () => void): Promise<T> {
  try {
    return await promise
  } catch (error) {
    forget()
    throw error
  }
}
