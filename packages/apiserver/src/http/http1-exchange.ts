// One request of HTTP/1.1 as an ApiRequest, and the answer back onto it.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { type BodySource, readBody } from './body.ts'
import { clientCertificateOf } from './client-certificate.ts'
import { LISTENER_LIMITS } from './limits.ts'
import { closeSignal, discardBody, streamSink } from './sink.ts'
import type { Reading } from './slow-readers.ts'
import { streamBody } from './stream-body.ts'
import type { ApiRequest, ApiResponse } from './types.ts'

/** What a connection is busy with. */
export interface Connection {
  answers: Set<ServerResponse>
  /** The server is stopping: the connection ends with its last answer. */
  draining: boolean
}

export function requestOf(message: IncomingMessage, response: ServerResponse, bodyMs: number): ApiRequest {
  const target = message.url ?? '/'
  const mark = target.indexOf('?')
  const length = message.headers['content-length']
  const certificate = clientCertificateOf(message.socket as TLSSocket)
  const source: BodySource = {
    stream: message,
    contentLength: length === undefined ? undefined : Number(length),
    aborted: () => message.destroyed && !message.complete,
  }
  return {
    method: message.method ?? 'GET',
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    headers: message.headers as ApiRequest['headers'],
    bodyBytesToCome:
      source.contentLength ?? (message.headers['transfer-encoding'] === undefined ? 0 : undefined),
    readBody: () => readBody(source, { timeoutMs: bodyMs }),
    streamBody: () => streamBody(source, { idleMs: bodyMs }),
    ...(certificate === undefined ? {} : { clientCertificate: certificate }),
    get signal() {
      return closeSignal(response)
    },
    remoteAddress: message.socket.remoteAddress ?? '',
  }
}

export interface Sending {
  message: IncomingMessage
  response: ServerResponse
  answer: ApiResponse
  reading: Reading
  /** The connection ends with this answer. */
  isLast: boolean
}

export function send({ message, response, answer, reading, isLast }: Sending): void {
  const { body } = answer
  if (response.destroyed || response.headersSent) {
    discardBody(body)
    return
  }
  const known = typeof body === 'string' || Buffer.isBuffer(body)
  const headers = { 'cache-control': 'no-cache, private', ...answer.headers }
  // An unread body would be taken for the next request.
  const unread = !message.complete
  response.writeHead(answer.status, {
    ...headers,
    ...(known ? { 'content-length': Buffer.byteLength(body) } : {}),
    ...(unread || isLast ? { connection: 'close' } : {}),
  })
  if (known) reading.wrote(Buffer.byteLength(body))
  if (message.method === 'HEAD' || body === undefined) {
    response.end()
    discardBody(body)
  } else if (!known) {
    response.flushHeaders()
    body.start(streamSink(response, { abort: () => response.destroy(), reading }))
  } else if (unread) {
    response.write(body)
    linger(message, response)
  } else response.end(body)
}

/** A connection that is closed on a client which still sends is reset, and the answer lost: let it come to its end. */
function linger(message: IncomingMessage, response: ServerResponse): void {
  let bytes = 0
  const end = () => {
    clearTimeout(timer)
    message.off('data', onData)
    response.end()
  }
  const onData = (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > LISTENER_LIMITS.lingerBytes) end()
  }
  const timer = setTimeout(end, LISTENER_LIMITS.lingerMs)
  message
    .on('data', onData)
    .once('end', end)
    .once('close', end)
    .on('error', () => {})
}
