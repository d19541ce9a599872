// The client's transport straight into the API server of this process: the same pipeline as over HTTPS (authorization,
// admission, limits), without sockets. What runs in here goes the same way as everybody.

import type { UserInfo } from '@brume/apiserver/auth/types'
import type { ApiRequest, ApiResponse, BodyStream, Sink } from '@brume/apiserver/http/types'
import type { ApiServer } from '@brume/apiserver/server'
import {
  pathWithQuery,
  readAll,
  type Transport,
  TransportError,
  type TransportRequest,
  type TransportResponse,
} from '@brume/client/transport'

const HIGH_WATER_BYTES = 1024 * 1024

/** A transport that acts as `user`. */
export function inProcessTransport(server: ApiServer, user: UserInfo): Transport {
  const closing = new AbortController()
  return {
    async request(request) {
      if (closing.signal.aborted)
        throw new TransportError('Closed', 'the API server of this process has stopped')
      const signal =
        request.signal === undefined ? closing.signal : AbortSignal.any([closing.signal, request.signal])
      // A client that asks again at once must let the event loop turn in between: an answer from memory takes no turn
      // of it, so the write that the client waits for would never be made.
      await new Promise(setImmediate)
      return responseOf(await server.handle(requestOf(request, user, signal)), signal)
    },
    close: () => closing.abort(),
  }
}

function requestOf(request: TransportRequest, user: UserInfo, signal: AbortSignal): ApiRequest {
  const target = pathWithQuery(request)
  const mark = target.indexOf('?')
  const body =
    typeof request.body === 'string' ? Buffer.from(request.body) : (request.body ?? Buffer.alloc(0))
  return {
    method: request.method,
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    headers: request.headers ?? {},
    readBody: async () => body,
    user,
    signal,
    remoteAddress: '',
  }
}

function responseOf(response: ApiResponse, signal: AbortSignal): TransportResponse {
  const body = bodyOf(response.body, signal)
  return { status: response.status, headers: response.headers, body, buffer: () => readAll(body) }
}

async function* bodyOf(body: ApiResponse['body'], signal: AbortSignal): AsyncGenerator<Buffer> {
  if (body === undefined) return
  if (typeof body === 'string' || Buffer.isBuffer(body)) {
    yield typeof body === 'string' ? Buffer.from(body) : body
    return
  }
  yield* streamed(body, signal)
}

/** A BodyStream as an async iterable with backpressure; leaving the loop closes the sink. */
async function* streamed(body: BodyStream, signal: AbortSignal): AsyncGenerator<Buffer> {
  const pipe = new PipeSink()
  const abort = () => pipe.close()
  signal.addEventListener('abort', abort, { once: true })
  try {
    body.start(pipe)
    for (;;) {
      const chunk = await pipe.next()
      if (chunk === undefined) break
      yield chunk
    }
    signal.throwIfAborted()
    if (pipe.aborted) throw new TransportError('ConnectionLost', 'the API server cut the answer short')
  } finally {
    signal.removeEventListener('abort', abort)
    pipe.close()
  }
}

class PipeSink implements Sink {
  #chunks: Buffer[] = []
  #bytes = 0
  #ended = false
  #closed = false
  aborted = false
  #wake: (() => void) | undefined
  readonly #onClose: (() => void)[] = []
  #onDrain: (() => void)[] = []

  get backlogBytes(): number {
    return this.#bytes
  }

  get closed(): boolean {
    return this.#closed || this.#ended
  }

  write(chunk: Buffer | string): boolean {
    if (this.closed) return false
    // A copy: the reader keeps what it gets, and a writer uses its buffer again.
    const bytes = Buffer.from(chunk as Buffer)
    this.#chunks.push(bytes)
    this.#bytes += bytes.length
    this.#wake?.()
    return this.#bytes < HIGH_WATER_BYTES
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  abort(): void {
    this.aborted = true
    this.end()
  }

  onDrain(fn: () => void): void {
    this.#onDrain.push(fn)
  }

  onClose(fn: () => void): void {
    if (this.#closed) fn()
    else this.#onClose.push(fn)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const fn of this.#onClose.splice(0)) fn()
    this.#wake?.()
  }

  /** The next chunk, joined from what waits; undefined at the end. */
  async next(): Promise<Buffer | undefined> {
    while (this.#chunks.length === 0 && !this.#ended && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
    if (this.#chunks.length === 0) return undefined
    const chunk = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    this.#chunks = []
    this.#bytes = 0
    for (const fn of this.#onDrain.splice(0)) fn()
    return chunk
  }
}
