// The client's transport straight into the API server of this process: the same pipeline as over HTTPS (authorization,
// admission, limits), without sockets. What runs in here goes the same way as everybody.

import type { UserInfo } from '@brume/apiserver/auth/types'
import type { ApiRequest, ApiResponse, BodyStream, EventBatch, Sink } from '@brume/apiserver/http/types'
import type { ApiServer } from '@brume/apiserver/server'
import { joinBatches } from '@brume/apiserver/watch/object-frames'
import {
  pathWithQuery,
  type RawEvent,
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
    bodyBytesToCome: 0,
    readBody: async () => body,
    user,
    signal,
    remoteAddress: '',
  }
}

function responseOf(response: ApiResponse, signal: AbortSignal): TransportResponse {
  const body = bodyOf(response.body, signal)
  const events = eventsOf(response.body, signal)
  const { status, headers } = response
  return { status, headers, body, buffer: () => readAll(body), ...(events && { events }) }
}

async function* bodyOf(body: ApiResponse['body'], signal: AbortSignal): AsyncGenerator<Buffer> {
  if (body === undefined) return
  if (typeof body === 'string' || Buffer.isBuffer(body)) {
    yield typeof body === 'string' ? Buffer.from(body) : body
    return
  }
  yield* streamed(bytePipe(), (sink) => body.start(sink), signal)
}

function eventsOf(
  body: ApiResponse['body'],
  signal: AbortSignal,
): (() => AsyncGenerator<readonly RawEvent[]>) | undefined {
  if (typeof body !== 'object' || Buffer.isBuffer(body) || body.startEvents === undefined) return undefined
  return async function* () {
    const start: BodyStream['startEvents'] = (sink) => body.startEvents!(sink)
    for await (const { events } of streamed(eventPipe(), start, signal)) yield events
  }
}

/** What is written to a pipe as an async iterable with backpressure; leaving the loop closes the pipe. */
async function* streamed<Chunk, Kept>(
  pipe: Pipe<Chunk, Kept>,
  start: (sink: Sink<Chunk>) => void,
  signal: AbortSignal,
): AsyncGenerator<Kept> {
  const abort = () => pipe.close()
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  try {
    start(pipe)
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

interface PipeOptions<Chunk, Kept> {
  /** What the reader may keep of a chunk. */
  keep(chunk: Chunk): Kept
  sizeOf(kept: Kept): number
  join(waiting: readonly Kept[]): Kept
}

/** The reader keeps what it gets, and a writer uses its buffer again: so a copy. */
const bytePipe = () =>
  new Pipe<Buffer | string, Buffer>({
    keep: (chunk) => Buffer.from(chunk as Buffer),
    sizeOf: ({ length }) => length,
    join: (waiting) => (waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting)),
  })

const eventPipe = () =>
  new Pipe<EventBatch, EventBatch>({
    keep: (batch) => batch,
    sizeOf: ({ bytes }) => bytes,
    join: joinBatches,
  })

class Pipe<Chunk, Kept> implements Sink<Chunk> {
  readonly #options: PipeOptions<Chunk, Kept>
  #waiting: Kept[] = []
  #bytes = 0
  #ended = false
  #closed = false
  aborted = false
  #wake: (() => void) | undefined
  readonly #onClose: (() => void)[] = []
  #onDrain: (() => void)[] = []

  constructor(options: PipeOptions<Chunk, Kept>) {
    this.#options = options
  }

  get backlogBytes(): number {
    return this.#bytes
  }

  get closed(): boolean {
    return this.#closed || this.#ended
  }

  write(chunk: Chunk): boolean {
    if (this.closed) return false
    const kept = this.#options.keep(chunk)
    this.#waiting.push(kept)
    this.#bytes += this.#options.sizeOf(kept)
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

  /** What waits, joined; undefined at the end. */
  async next(): Promise<Kept | undefined> {
    while (this.#waiting.length === 0 && !this.#ended && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
    if (this.#waiting.length === 0) return undefined
    const joined = this.#options.join(this.#waiting)
    this.#waiting = []
    this.#bytes = 0
    for (const fn of this.#onDrain.splice(0)) fn()
    return joined
  }
}
