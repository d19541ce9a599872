// HTTP/1.1: requests of one connection, their answers, and its end. An upgrade that nobody serves is answered like a
// plain request, so that clients which try WebSocket first fall back.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Connection, requestOf, send } from './http1-exchange.ts'
import { serveUpgrade } from './http1-upgrade.ts'
import { STATUS_CODES } from './node-http.ts'
import type { Serving } from './serving.ts'

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
  http1.on('upgrade', (message, socket, head) => {
    const connection = connections.get(socket as Socket)
    if (connection === undefined) return socket.destroy()
    void serveUpgrade(serving, connection, { message, socket: socket as Socket, head })
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
