// HTTP/2 over TLS: one session, opened when needed, kept while it lives, opened again when it is lost; more of them only
// while more streams are open than one session takes.

import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2'
import type { Credentials } from './credentials.ts'
import { chunksOf, readBody } from './http-body.ts'
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
/** Servers allow 100 to 250 streams a session; what is beyond their limit would wait, without a word, for ever. */
const MAX_STREAMS = 200

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
    const session = await this.#taken()
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
      this.#count(session, -1)
      throw new StreamError(new TransportError('ConnectionLost', 'the session was gone', { cause }), true)
    }
    stream.once('close', () => this.#count(session, -1))
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
        const length = Number(
          request.method === 'HEAD' ? Number.NaN : (headers['content-length'] ?? Number.NaN),
        )
        const body = readBody(stream, { subject, length, signal, chunks: chunksOf(stream) })
        resolve({ status: headers[':status'] ?? 0, headers, body, buffer: () => readAll(body) })
      })
      if (signal?.aborted) return onAbort()
      signal?.addEventListener('abort', onAbort)
      if (request.body !== undefined) stream.end(request.body)
    })
  }

  /** While no stream is open the session does not keep the process alive. */
  #count(session: ClientHttp2Session, change: 1 | -1): void {
    const open = (this.#openStreams.get(session) ?? 0) + change
    this.#openStreams.set(session, open)
    if (session.destroyed) return
    if (open === 0) {
      session.unref()
      if (this.#live.size > 1) void this.#closeSpare(session)
    } else if (open === 1 && change === 1) session.ref()
  }

  /** The session of the last request, or another one when that one is full. One stream of it is counted as open. */
  async #taken(): Promise<ClientHttp2Session> {
    for (;;) {
      if (this.#closed) throw new TransportError('Closed', 'the transport was closed')
      this.#session ??= this.#open().catch((error) => {
        this.#session = undefined
        throw error
      })
      const asked = this.#session
      const session = await asked
      const others = [...this.#live].filter((one) => !one.closed && !one.destroyed)
      const chosen = [session, ...others].find((one) => this.#hasRoom(one))
      if (chosen !== undefined) {
        this.#count(chosen, 1)
        return chosen
      }
      if (this.#session === asked) this.#session = undefined
    }
  }

  #hasRoom(session: ClientHttp2Session): boolean {
    const limit = session.remoteSettings?.maxConcurrentStreams ?? MAX_STREAMS
    return (this.#openStreams.get(session) ?? 0) < Math.max(1, Math.min(limit, MAX_STREAMS))
  }

  /** A session that was opened beside others goes when it is not used any more. */
  async #closeSpare(session: ClientHttp2Session): Promise<void> {
    const main = await this.#session?.catch(() => undefined)
    if (main === undefined || main === session || this.#openStreams.get(session) !== 0) return
    session.close()
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
