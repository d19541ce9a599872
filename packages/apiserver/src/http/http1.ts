// HTTP/1.1 requests as ApiRequests, and answers back onto them. An upgrade that nobody serves is answered like a plain
// request, so that clients which try WebSocket first fall back.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { ApiServer } from '../server.ts'
import { readBody } from './body.ts'
import { clientCertificateOf } from './client-certificate.ts'
import { closeSignal, streamSink } from './sink.ts'
import type { ApiRequest, ApiResponse } from './types.ts'

export function serveHttp1(http1: Server, server: ApiServer): void {
  http1.on('clientError', (_error, socket) => socket.destroy())
  http1.on('request', (message, response) => {
    response.on('error', () => {})
    message.socket.once('brume-drain', () => response.shouldKeepAlive && message.socket.end())
    void server.handle(requestOf(message, response)).then((answer) => send(message, response, answer))
  })
}

function requestOf(message: IncomingMessage, response: ServerResponse): ApiRequest {
  const target = message.url ?? '/'
  const mark = target.indexOf('?')
  const length = message.headers['content-length']
  const certificate = clientCertificateOf(message.socket as TLSSocket)
  return {
    method: message.method ?? 'GET',
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    headers: message.headers as ApiRequest['headers'],
    readBody: () =>
      readBody({
        stream: message,
        contentLength: length === undefined ? undefined : Number(length),
        aborted: () => message.destroyed && !message.complete,
      }),
    ...(certificate === undefined ? {} : { clientCertificate: certificate }),
    get signal() {
      return closeSignal(response)
    },
    remoteAddress: message.socket.remoteAddress ?? '',
  }
}

function send(message: IncomingMessage, response: ServerResponse, answer: ApiResponse): void {
  if (response.destroyed || response.headersSent) return
  const { body } = answer
  const known = typeof body === 'string' || Buffer.isBuffer(body)
  const headers = { 'cache-control': 'no-cache, private', ...answer.headers }
  // An unread body would be taken for the next request.
  const unread = !message.complete
  response.writeHead(answer.status, {
    ...headers,
    ...(known ? { 'content-length': Buffer.byteLength(body) } : {}),
    ...(unread ? { connection: 'close' } : {}),
  })
  if (message.method === 'HEAD' || body === undefined) response.end()
  else if (known) response.end(body)
  else {
    response.flushHeaders()
    body.start(streamSink(response, () => response.destroy()))
  }
}
