// The client of one API server: calls with retries where the server asked for them, and the resources above them.

import type { KubeObject } from '@brume/api/object'
import { type Clock, systemClock } from '@brume/base/clock'
import { delay } from './backoff.ts'
import { Discovery } from './discovery.ts'
import { decodeJson, isJsonError } from './json.ts'
import { ResourceClient } from './resource-client.ts'
import type { ResourceRef } from './resource-ref.ts'
import { errorOfAnswer } from './status.ts'
import { headerOf, headersOf, type Transport, TransportError, type TransportResponse } from './transport.ts'
import { parseWarning } from './warning.ts'

export interface ClientOptions {
  transport: Transport
  /** Default: `brume/<version>`. */
  userAgent?: string
  /** Called with the text of each Warning header (code 299). */
  onWarning?: (text: string) => void
  clock?: Clock
}

export interface ApiCall {
  method: string
  path: string
  /** undefined values are left out. */
  query?: Readonly<Record<string, string | number | boolean | undefined>>
  body?: string | Buffer
  contentType?: string
  accept?: string | undefined
  signal?: AbortSignal | undefined
}

export const CLIENT_VERSION = '0.1.0'

/** How often one call is sent again because the server answered 429 or 503 with Retry-After. */
const MAX_RETRIES = 5
const MAX_RETRY_AFTER_SECONDS = 30

export class Client {
  readonly transport: Transport
  readonly discovery: Discovery
  readonly #userAgent: string
  readonly #onWarning: (text: string) => void
  readonly #clock: Clock

  constructor({ transport, userAgent, onWarning, clock }: ClientOptions) {
    this.transport = transport
    this.#userAgent = userAgent ?? `brume/${CLIENT_VERSION}`
    this.#onWarning = onWarning ?? (() => {})
    this.#clock = clock ?? systemClock
    this.discovery = new Discovery(this)
  }

  resource<T extends KubeObject = KubeObject>(ref: ResourceRef): ResourceClient<T> {
    return new ResourceClient<T>(this, ref)
  }

  /** The resource of an object's kind, found by discovery (cached; looked up anew once when it is not known). */
  async resourceFor<T extends KubeObject = KubeObject>(of: {
    apiVersion: string
    kind: string
  }): Promise<ResourceClient<T>> {
    return this.resource<T>(await this.discovery.findKind(of.apiVersion, of.kind))
  }

  /** The parsed JSON answer. Throws StatusError for an answer of 400 or more, TransportError when none came. */
  async json<T>(call: ApiCall): Promise<T> {
    const response = await this.call(call)
    const body = await response.buffer()
    try {
      return decodeJson<T>(body)
    } catch (cause) {
      if (!isJsonError(cause)) throw cause
      // A server that ends its sessions without a word leaves half an answer that looks whole.
      const message = `${call.method} ${call.path}: the answer is not JSON, or not all of it`
      throw new TransportError('ConnectionLost', message, { cause })
    }
  }

  /** The open answer, of a code below 400. Errors as `json`. */
  async call(call: ApiCall): Promise<TransportResponse> {
    for (let attempt = 0; ; attempt++) {
      const response = await this.#send(call)
      for (const header of headersOf(response, 'warning')) {
        for (const text of parseWarning(header)) this.#onWarning(text)
      }
      if (response.status < 400) return response
      const error = errorOfAnswer(response.status, await response.buffer(), `${call.method} ${call.path}`)
      const retryAfterMs = retryDelayMs(response)
      if (retryAfterMs === undefined || attempt >= MAX_RETRIES) throw error
      await delay(this.#clock, retryAfterMs, call.signal)
      call.signal?.throwIfAborted()
    }
  }

  #send({ method, path, query, body, contentType, accept, signal }: ApiCall): Promise<TransportResponse> {
    const headers: Record<string, string> = {
      accept: accept ?? 'application/json',
      'user-agent': this.#userAgent,
    }
    if (body !== undefined) headers['content-type'] = contentType ?? 'application/json'
    const parameters = new URLSearchParams()
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined) parameters.set(name, String(value))
    }
    return this.transport.request({
      method,
      path,
      query: parameters,
      headers,
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    })
  }
}

/** As client-go: only an answer of 429 or 5xx that carries Retry-After in seconds is tried again. */
function retryDelayMs(response: TransportResponse): number | undefined {
  if (response.status !== 429 && response.status < 500) return undefined
  const seconds = Number(headerOf(response, 'retry-after') ?? Number.NaN)
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > MAX_RETRY_AFTER_SECONDS) return undefined
  return seconds * 1000
}
