// HTTP/1.1 requests as ApiRequests, and answers back onto them. An upgrade that nobody serves is answered like a plain
// request, so that clients which try WebSocket first fall back.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { readBody } from './body.ts'
import { clientCertificateOf } from './client-certificate.ts'
import { LISTENER_LIMITS } from './limits.ts'
import { STATUS_CODES } from './node-http.ts'
import type { Serving } from './serving.ts'
import { closeSignal, discardBody, streamSink } from './sink.ts'
import type { Reading } from './slow-readers.ts'
import type { ApiRequest, ApiResponse } from './types.ts'

/** What a connection is busy with. */
interface Connection {
  answers: Set<ServerResponse>
  /** The server is stopping: the connection ends with its last answer. */
  draining: boolean
}

export function serveHttp1(http1: Server, serving: Serving): void {
  const connections = new WeakMap<Socket, Connection>()
  http1.on('connection', (socket: Socket) => {
    const connection: Connection = { answers: new Set(), draining: false }
    connections.set(socket, connection)
    socket.once('brume-drain', () => {
      connection.draining = true
      if (connection.answers.size === 0) socket.end()
    })
  })
  http1.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    refuse(error, socket as Socket, connections.get(socket as Socket))
  })
  http1.on('request', (message, response) => {
    const connection = connections.get(message.socket)
    if (connection === undefined) return response.destroy()
    void serve(serving, connection, message, response)
  })
}

async function serve(
  { server, slowReaders, clock, limits, failed }: Serving,
  connection: Connection,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { socket } = message
  connection.answers.add(response)
  const reading = slowReaders.add(response, clock.now(), () => response.destroy())
  response.on('error', () => {})
  response.once('close', () => {
    slowReaders.remove(response)
    connection.answers.delete(response)
    if (connection.draining && connection.answers.size === 0) socket.end()
  })
  try {
    const answer = await server.handle(requestOf(message, response, limits.bodyMs))
    send({ message, response, answer, reading, isLast: connection.draining })
  } catch (error) {
    failed(error)
    response.destroy()
  }
}

function requestOf(message: IncomingMessage, response: ServerResponse, bodyMs: number): ApiRequest {
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
      readBody(
        {
          stream: message,
          contentLength: length === undefined ? undefined : Number(length),
          aborted: () => message.destroyed && !message.complete,
        },
        { timeoutMs: bodyMs },
      ),
    ...(certificate === undefined ? {} : { clientCertificate: certificate }),
    get signal() {
      return closeSignal(response)
    },
    remoteAddress: message.socket.remoteAddress ?? '',
  }
}

interface Sending {
  message: IncomingMessage
  response: ServerResponse
  answer: ApiResponse
  reading: Reading
  /** The connection ends with this answer. */
  isLast: boolean
}

function send({ message, response, answer, reading, isLast }: Sending): void {
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

const ERROR_CODES: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

/** What is no HTTP request is answered as Go's servers do, unless an answer is on its way already. */
function refuse(error: NodeJS.ErrnoException, socket: Socket, connection: Connection | undefined): void {
  const isAnswering = [...(connection?.answers ?? [])].some((response) => response.headersSent)
  if (!socket.writable || error.code === 'ECONNRESET' || isAnswering) {
    socket.destroy()
    return
  }
  const code = ERROR_CODES[error.code ?? ''] ?? 400
  const text = `${code} ${STATUS_CODES[code]}`
  const head = `HTTP/1.1 ${text}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n`
  socket.end(`${head}${text}`, () => socket.destroy())
}
