// A transport whose answers a test writes: each request is handed to the script, watches are fed by hand.

import type { KubeObject } from '@brume/api/object'
import { deepFreeze } from '@brume/base/values'
import {
  pathWithQuery,
  type RawEvent,
  readAll,
  type Transport,
  TransportError,
  type TransportRequest,
  type TransportResponse,
} from '../transport.ts'

export interface ScriptedRequest extends TransportRequest {
  /** Path with the query. */
  url: string
  parameters: URLSearchParams
  /** The parsed body. */
  json: unknown
}

export type Script = (request: ScriptedRequest) => TransportResponse | Promise<TransportResponse>

export class ScriptedTransport implements Transport {
  readonly requests: ScriptedRequest[] = []
  script: Script
  #waiting: (() => void)[] = []

  constructor(script: Script) {
    this.script = script
  }

  async request(request: TransportRequest): Promise<TransportResponse> {
    const url = pathWithQuery(request)
    const parameters = new URLSearchParams(url.split('?')[1] ?? '')
    const json = request.body === undefined ? undefined : JSON.parse(request.body.toString())
    const scripted = { ...request, url, parameters, json }
    this.requests.push(scripted)
    for (const wake of this.#waiting.splice(0)) wake()
    return this.script(scripted)
  }

  /** Resolves when at least `count` requests have come. */
  async seen(count: number): Promise<ScriptedRequest> {
    while (this.requests.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return this.requests[count - 1]!
  }

  close(): void {}
}

export function jsonResponse(status: number, body: unknown, headers = {}): TransportResponse {
  return streamResponse(status, [Buffer.from(JSON.stringify(body))], headers)
}

export function statusResponse(code: number, reason: string, message = '', headers = {}): TransportResponse {
  return jsonResponse(code, { kind: 'Status', status: 'Failure', reason, message, code }, headers)
}

export function streamResponse(
  status: number,
  chunks: Iterable<Buffer> | AsyncIterable<Buffer>,
  headers = {},
): TransportResponse {
  async function* body() {
    yield* chunks
  }
  const iterable = body()
  return { status, headers, body: iterable, buffer: () => readAll(iterable) }
}

/** How a watch reaches its reader: over a connection, or from a server in the same process. */
export type WatchMedium = 'bytes' | 'objects'

/** A watch that a test feeds. */
export class FedWatch {
  #queue: (Buffer | 'end' | 'reset')[] = []
  #wake: (() => void) | undefined
  readonly #medium: WatchMedium

  constructor(medium: WatchMedium = 'bytes') {
    this.#medium = medium
  }

  /** The answer; ends when the request's signal is aborted. */
  response(signal?: AbortSignal): TransportResponse {
    signal?.addEventListener('abort', () => this.#wake?.())
    if (this.#medium === 'bytes') return streamResponse(200, this.#body(signal))
    return { ...streamResponse(200, unread()), events: () => this.#events(signal) }
  }

  event(type: string, object: unknown): this {
    return this.bytes(`${JSON.stringify({ type, object })}\n`)
  }

  bytes(chunk: string | Buffer): this {
    this.#queue.push(Buffer.from(chunk))
    this.#wake?.()
    return this
  }

  bookmark(resourceVersion: string, initialEventsEnd = false): this {
    const annotations = initialEventsEnd ? { 'k8s.io/initial-events-end': 'true' } : {}
    return this.event('BOOKMARK', {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { resourceVersion, annotations },
    })
  }

  end(): this {
    this.#queue.push('end')
    this.#wake?.()
    return this
  }

  /** The connection is lost. */
  reset(): this {
    this.#queue.push('reset')
    this.#wake?.()
    return this
  }

  async *#events(signal: AbortSignal | undefined): AsyncGenerator<RawEvent[]> {
    for await (const chunk of this.#body(signal)) {
      const lines = chunk.toString().split('\n')
      yield lines.filter((line) => line !== '').map((line) => deepFreeze(JSON.parse(line)))
    }
  }

  async *#body(signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
    for (;;) {
      while (this.#queue.length === 0) {
        signal?.throwIfAborted()
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
      signal?.throwIfAborted()
      const next = this.#queue.shift()!
      if (next === 'end') return
      if (next === 'reset') throw new TransportError('ConnectionLost', 'the connection was reset')
      yield next
    }
  }
}

/** The body of an answer whose events are read. */
// biome-ignore lint/correctness/useYield: it must never be read
async function* unread(): AsyncGenerator<Buffer> {
  throw new Error('the events are read, not the body')
}

/** A pod with the fields that caches look at. */
export function pod(
  name: string,
  resourceVersion: number,
  extra: Partial<KubeObject['metadata']> = {},
): KubeObject {
  const metadata = {
    name,
    namespace: 'ns',
    uid: `uid-${name}`,
    resourceVersion: String(resourceVersion),
    ...extra,
  }
  return { apiVersion: 'v1', kind: 'Pod', metadata }
}
