// HTTP/2 over TLS: one session, opened when needed, kept while it lives, opened again when it is lost.

import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2'
import type { Credentials } from './credentials.ts'
import { connectError, StreamError, streamError } from './http-errors.ts'
import {
  pathWithQuery,
  readAll,
  type Transport,
  TransportError,
  type TransportRequest,
  type TransportResponse,
} from './transport.ts'

export interface HttpTransportOptions {
  /** `https://host:port`, without a path. */
  server: string
  /** PEM; default: the system's authorities. */
  ca?: string
  insecureSkipTlsVerify?: boolean
  tlsServerName?: string
  credentials: Credentials
  /** Until the session is usable. Default 10 s. */
  connectTimeoutMs?: number
  /** Until the answer's head has come. Default 60 s. */
  answerTimeoutMs?: number
  /** A session with open streams is pinged this often, and given up when a ping is not answered. Default 30 s. */
  pingIntervalMs?: number
}

/** How often a request is sent again after its session was lost. */
const MAX_RETRIES = 3
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS'])
const WINDOW_BYTES = 4 * 1024 * 1024

export class HttpTransport implements Transport {
  readonly #options: HttpTransportOptions
  #session: Promise<ClientHttp2Session> | undefined
  readonly #live = new Set<ClientHttp2Session>()
  readonly #openStreams = new WeakMap<ClientHttp2Session, number>()
  #closed = false

  constructor(options: HttpTransportOptions) {
    this.#options = options
  }

  /**
   * A request that the server surely did not see is sent again on a new session, whatever its method; one whose fate
   * is unknown only when it is GET, HEAD or OPTIONS.
   */
  async request(request: TransportRequest): Promise<TransportResponse> {
    let refreshed = false
    for (let attempt = 0; ; attempt++) {
      request.signal?.throwIfAborted()
      try {
        const response = await this.#attempt(request)
        if (response.status !== 401 || refreshed || !this.#options.credentials.refresh()) return response
        refreshed = true
        await response.buffer()
      } catch (error) {
        if (!(error instanceof StreamError)) throw error
        const again = error.unprocessed || (error.cause.retryable && IDEMPOTENT.has(request.method))
        if (!again || attempt >= MAX_RETRIES || this.#closed) throw error.cause
      }
    }
  }

  close(): void {
    this.#closed = true
    for (const session of this.#live) session.destroy()
    this.#session = undefined
  }

  async #attempt(request: TransportRequest): Promise<TransportResponse> {
    const authorization = await this.#options.credentials.authorization()
    const session = await this.#connected()
    let stream: ClientHttp2Stream
    try {
      const headers = {
        ...request.headers,
        ...(authorization === undefined ? {} : { authorization }),
        ':method': request.method,
        ':path': pathWithQuery(request),
      }
      stream = session.request(headers, { endStream: request.body === undefined })
    } catch (cause) {
      throw new StreamError(new TransportError('ConnectionLost', 'the session was gone', { cause }), true)
    }
    this.#hold(session, stream)
    return this.#answer(stream, request)
  }

  #answer(stream: ClientHttp2Stream, request: TransportRequest): Promise<TransportResponse> {
    const subject = `${request.method} ${request.path}`
    const { signal } = request
    return new Promise((resolve, reject) => {
      let settled = false
      const onAbort = () => {
        stream.close(constants.NGHTTP2_CANCEL)
        stream.destroy(signal!.reason instanceof Error ? signal!.reason : new Error('aborted'))
      }
      const fail = (error: Error) => {
        if (settled) return
        settled = true
        reject(signal?.aborted ? signal.reason : streamError(error, stream.rstCode, subject))
      }
      const timeoutMs = this.#options.answerTimeoutMs ?? 60_000
      const timer = setTimeout(() => {
        stream.close(constants.NGHTTP2_CANCEL)
        fail(new TransportError('Timeout', `${subject}: no answer within ${timeoutMs} ms`))
      }, timeoutMs)
      stream.on('error', fail)
      stream.once('close', () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        fail(new TransportError('ConnectionLost', `${subject}: the connection was lost before the answer`))
      })
      stream.once('response', (headers: IncomingHttpHeaders & { ':status'?: number }) => {
        clearTimeout(timer)
        settled = true
        // An answer to HEAD says how long the body would be.
        const length = Number(request.method === 'HEAD' ? Number.NaN : (headers['content-length'] ?? Number.NaN))
        const body = readBody(stream, { subject, length, signal, chunks: chunksOf(stream) })
        resolve({ status: headers[':status'] ?? 0, headers, body, buffer: () => readAll(body) })
      })
      if (signal?.aborted) return onAbort()
      signal?.addEventListener('abort', onAbort)
      if (request.body !== undefined) stream.end(request.body)
    })
  }

  /** While no stream is open the session does not keep the process alive. */
  #hold(session: ClientHttp2Session, stream: ClientHttp2Stream): void {
    this.#count(session, 1)
    stream.once('close', () => this.#count(session, -1))
  }

  #count(session: ClientHttp2Session, change: 1 | -1): void {
    const open = (this.#openStreams.get(session) ?? 0) + change
    this.#openStreams.set(session, open)
    if (session.destroyed) return
    if (open === 0) session.unref()
    else if (open === 1 && change === 1) session.ref()
  }

  #connected(): Promise<ClientHttp2Session> {
    if (this.#closed) throw new TransportError('Closed', 'the transport was closed')
    this.#session ??= this.#open().catch((error) => {
      this.#session = undefined
      throw error
    })
    return this.#session
  }

  async #open(): Promise<ClientHttp2Session> {
    const { server, ca, insecureSkipTlsVerify, tlsServerName, credentials } = this.#options
    const { certificatePem: cert, keyPem: key } = await credentials.certificate()
    const timeoutMs = this.#options.connectTimeoutMs ?? 10_000
    const session = connect(server, {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert, key }),
      ...(tlsServerName === undefined ? {} : { servername: tlsServerName }),
      rejectUnauthorized: insecureSkipTlsVerify !== true,
      settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
    })
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => session.destroy(new Error(`not connected within ${timeoutMs} ms`)),
        timeoutMs,
      )
      session.once('connect', () => {
        clearTimeout(timer)
        resolve()
      })
      session.once('error', (error) => {
        clearTimeout(timer)
        reject(connectError(error, server))
      })
    })
    session.setLocalWindowSize(WINDOW_BYTES)
    this.#watchOver(session)
    return session
  }

  /** Pings the session; the next request opens another one when this one ends, or says that it will. */
  #watchOver(session: ClientHttp2Session): void {
    const current = this.#session
    const forget = () => {
      if (this.#session === current) this.#session = undefined
    }
    let unanswered = false
    const pings = setInterval(() => {
      if ((this.#openStreams.get(session) ?? 0) === 0) return
      if (unanswered) return session.destroy(new Error('a ping was not answered'))
      unanswered = true
      session.ping((error) => {
        if (error === null) unanswered = false
      })
    }, this.#options.pingIntervalMs ?? 30_000)
    pings.unref()
    session.unref()
    this.#live.add(session)
    session.on('error', forget)
    session.once('goaway', forget)
    session.once('close', () => {
      clearInterval(pings)
      this.#live.delete(session)
      forget()
    })
  }
}

interface BodyOptions {
  subject: string
  /** NaN: not said. */
  length: number
  signal: AbortSignal | undefined
  chunks: AsyncIterable<Buffer>
}

/**
 * Listens from now on, so that a reader who comes later gets all that has arrived: Node's own iterator takes a stream
 * that the server has finished with for one that was cut off.
 */
function chunksOf(stream: ClientHttp2Stream): AsyncIterable<Buffer> {
  let wake = () => {}
  let ended = false
  let failure: Error | undefined
  stream.on('readable', () => wake())
  stream.once('end', () => {
    ended = true
    wake()
  })
  const fail = (error: Error) => {
    failure ??= error
    wake()
  }
  stream.once('error', fail)
  stream.once('close', () => fail(new Error('the stream was closed before its end')))
  return (async function* () {
    for (;;) {
      const chunk: Buffer | null = stream.read()
      if (chunk !== null) yield chunk
      else if (ended) return
      else if (failure !== undefined) throw failure
      else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  })()
}

async function* readBody(
  stream: ClientHttp2Stream,
  { subject, length, signal, chunks }: BodyOptions,
): AsyncGenerator<Buffer, void, undefined> {
  let received = 0
  let ended = false
  try {
    for await (const chunk of chunks) {
      received += chunk.length
      yield chunk
    }
    ended = true
  } catch (cause) {
    if (signal?.aborted) throw signal.reason
    throw new TransportError('ConnectionLost', `${subject}: the answer was cut off`, { cause })
  } finally {
    if (!ended && !stream.closed) stream.close(constants.NGHTTP2_CANCEL)
  }
  // A stream that was reset may still have ended cleanly for the reader, with its body truncated; how it ended is
  // known once it has closed, which it does at once when the request was sent whole.
  if (!stream.closed && stream.writableFinished) await once(stream, 'close')
  signal?.throwIfAborted()
  if (stream.rstCode !== constants.NGHTTP2_NO_ERROR || received < length) {
    throw new TransportError('ConnectionLost', `${subject}: the answer was cut off (code ${stream.rstCode})`)
  }
}
