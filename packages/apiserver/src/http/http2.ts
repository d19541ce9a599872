// HTTP/2 streams as ApiRequests, and answers back onto them.

import type { Http2Server, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { ApiServer } from '../server.ts'
import { readBody } from './body.ts'
import { clientCertificateOf } from './client-certificate.ts'
import { LISTENER_LIMITS } from './limits.ts'
import { closeSignal, streamSink } from './sink.ts'
import type { ApiRequest, ApiResponse } from './types.ts'

export function serveHttp2(http2: Http2Server, server: ApiServer): void {
  http2.on('session', (session: ServerHttp2Session) => {
    session.setTimeout(LISTENER_LIMITS.idleMs, () => {
      // Open streams (watches) keep a session; an idle one ends.
      if (session.state.effectiveLocalWindowSize !== undefined && !hasStreams(session)) session.close()
    })
    session.on('error', () => session.destroy())
    session.socket.once('brume-drain', () => session.close())
  })
  http2.on('sessionError', () => {})
  http2.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    void serve(server, stream, headers)
  })
}

const openStreams = new WeakMap<object, number>()
const hasStreams = (session: object) => (openStreams.get(session) ?? 0) > 0

async function serve(
  server: ApiServer,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<void> {
  const { session } = stream
  if (session !== undefined) {
    openStreams.set(session, (openStreams.get(session) ?? 0) + 1)
    stream.once('close', () => openStreams.set(session, (openStreams.get(session) ?? 1) - 1))
  }
  send(stream, await server.handle(requestOf(stream, headers)))
}

function requestOf(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): ApiRequest {
  const target = headers[':path'] ?? '/'
  const mark = target.indexOf('?')
  const length = headers['content-length']
  const socket = stream.session?.socket as TLSSocket | undefined
  const certificate = socket && clientCertificateOf(socket)
  return {
    method: headers[':method'] ?? 'GET',
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    headers: headers as ApiRequest['headers'],
    readBody: () =>
      readBody({
        stream,
        contentLength: length === undefined ? undefined : Number(length),
        aborted: () => stream.aborted || (stream.rstCode ?? 0) !== 0,
      }),
    ...(certificate === undefined ? {} : { clientCertificate: certificate }),
    get signal() {
      return closeSignal(stream)
    },
    remoteAddress: socket?.remoteAddress ?? '',
  }
}

function send(stream: ServerHttp2Stream, response: ApiResponse): void {
  if (stream.closed || stream.destroyed || stream.headersSent) return
  const headers = { ':status': response.status, 'cache-control': 'no-cache, private', ...response.headers }
  const { body } = response
  if (body === undefined) {
    stream.respond(headers, { endStream: true })
    return
  }
  stream.respond(headers)
  if (typeof body === 'string' || Buffer.isBuffer(body)) stream.end(body)
  else body.start(streamSink(stream, () => stream.close(2)))
  // A body that nobody read must not hold the connection's window.
  if (!stream.readableEnded) stream.resume()
}
