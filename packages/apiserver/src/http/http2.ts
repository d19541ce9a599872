// HTTP/2 streams as ApiRequests, and answers back onto them.

import {
  constants,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { type BodySource, readBody } from './body.ts'
import { clientCertificateOf } from './client-certificate.ts'
import { LISTENER_LIMITS } from './limits.ts'
import type { Serving } from './serving.ts'
import { closeSignal, discardBody, streamSink } from './sink.ts'
import type { Reading } from './slow-readers.ts'
import { streamBody } from './stream-body.ts'
import type { ApiRequest, ApiResponse } from './types.ts'

const { NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants

export function serveHttp2(http2: Http2Server, serving: Serving): void {
  http2.on('session', (session: ServerHttp2Session) => {
    session.setTimeout(serving.limits.idleMs, () => {
      // Open streams (watches) keep a session; an idle one ends.
      if (!hasStreams(session)) session.close()
    })
    session.on('error', () => session.destroy())
    session.socket.once('brume-drain', () => session.close())
  })
  http2.on('sessionError', () => {})
  http2.on('stream', (stream, headers) => void serve(serving, stream, headers))
}

const openStreams = new WeakMap<object, number>()
const hasStreams = (session: object) => (openStreams.get(session) ?? 0) > 0

async function serve(
  { server, slowReaders, clock, limits, failed }: Serving,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<void> {
  const { session } = stream
  stream.on('error', () => {})
  if (session === undefined || stream.destroyed) return
  openStreams.set(session, (openStreams.get(session) ?? 0) + 1)
  const reading = slowReaders.add(stream, clock.now(), () => cut(stream))
  stream.once('close', () => {
    slowReaders.remove(stream)
    openStreams.set(session, (openStreams.get(session) ?? 1) - 1)
  })
  try {
    const answer = await server.handle(requestOf(stream, headers, limits.bodyMs))
    send(stream, answer, { isHead: headers[':method'] === 'HEAD', reading })
  } catch (error) {
    failed(error)
    cut(stream)
  }
}

/** Ends the stream at once and frees what waits in it, also when its connection takes no more frames. */
function cut(stream: ServerHttp2Stream): void {
  stream.close(NGHTTP2_INTERNAL_ERROR)
  stream.destroy()
}

function requestOf(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, bodyMs: number): ApiRequest {
  const target = headers[':path'] ?? '/'
  const mark = target.indexOf('?')
  const length = headers['content-length']
  const socket = stream.session?.socket as TLSSocket | undefined
  const certificate = socket && clientCertificateOf(socket)
  const source: BodySource = {
    stream,
    contentLength: length === undefined ? undefined : Number(length),
    aborted: () => stream.aborted || (stream.rstCode ?? 0) !== 0,
  }
  return {
    method: headers[':method'] ?? 'GET',
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    headers: headers as ApiRequest['headers'],
    bodyBytesToCome: stream.endAfterHeaders ? 0 : source.contentLength,
    readBody: () => readBody(source, { timeoutMs: bodyMs }),
    streamBody: () => streamBody(source, { idleMs: bodyMs }),
    ...(certificate === undefined ? {} : { clientCertificate: certificate }),
    get signal() {
      return closeSignal(stream)
    },
    remoteAddress: socket?.remoteAddress ?? '',
  }
}

function send(
  stream: ServerHttp2Stream,
  response: ApiResponse,
  { isHead, reading }: { isHead: boolean; reading: Reading },
): void {
  const { body } = response
  if (stream.closed || stream.destroyed || stream.headersSent) {
    discardBody(body)
    return
  }
  const headers = { ':status': response.status, 'cache-control': 'no-cache, private', ...response.headers }
  if (body === undefined || isHead) {
    stream.respond(headers, { endStream: true })
    discardBody(body)
    return
  }
  stream.respond(headers)
  if (typeof body === 'string' || Buffer.isBuffer(body)) {
    reading.wrote(Buffer.byteLength(body))
    stream.end(body)
  } else body.start(streamSink(stream, { abort: () => cut(stream), reading }))
  if (!stream.readableEnded) linger(stream)
}

/**
 * A body that nobody read must not hold the connection's window. Its sender is let come to its end, as clients (Node's,
 * for one) lose track of a stream that is closed while they send; for a while.
 */
function linger(stream: ServerHttp2Stream): void {
  // Node reads the end by itself when the stream closes; read sooner, it makes an error for each answer still under way.
  if (stream.endAfterHeaders) return
  let bytes = 0
  const close = () => stream.close(NGHTTP2_NO_ERROR)
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > LISTENER_LIMITS.lingerBytes) close()
  })
  stream.once('finish', () => {
    if (stream.readableEnded || stream.closed) return
    const timer = setTimeout(close, LISTENER_LIMITS.lingerMs)
    stream.once('close', () => clearTimeout(timer))
  })
}
