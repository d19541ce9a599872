// Requests of HTTP/1.1 that may take the whole connection: streams into containers. They go through the same pipeline
// as every other; until their handler takes the connection they can be answered plainly.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { switchingHead } from '@brume/base/streams/upgrade'
import { isStreamPath } from '../request/info.ts'
import { type Connection, requestOf, send } from './http1-exchange.ts'
import { newServerResponse } from './node-http.ts'
import type { Serving } from './serving.ts'
import type { ApiResponse } from './types.ts'

interface Offer {
  message: IncomingMessage
  socket: Socket
  /** What the client has sent already beyond the request. */
  head: Buffer
}

/** Only these leave HTTP; whoever tries it elsewhere (WebSocket for a watch) is answered as if it had not. */
export function mayUpgrade({ url = '' }: Pick<IncomingMessage, 'url'>): boolean {
  const mark = url.indexOf('?')
  return isStreamPath(mark < 0 ? url : url.slice(0, mark))
}

export async function serveUpgrade(
  { server, slowReaders, clock, limits, failed }: Serving,
  connection: Connection,
  { message, socket, head }: Offer,
): Promise<void> {
  const response = newServerResponse(message)
  socket.on('error', () => {})
  response.on('error', () => {})
  response.assignSocket(socket)
  connection.answers.add(response)
  const reading = slowReaders.add(response, clock.now(), () => socket.destroy())
  const done = () => {
    slowReaders.remove(response)
    connection.answers.delete(response)
    socket.off('close', done)
  }
  socket.once('close', done)
  response.once('finish', () => socket.end(() => socket.destroy()))
  try {
    const request = requestOf(message, response, limits.bodyMs)
    const upgrade = { headers: message.headersDistinct }
    const answer = await server.handle(Object.assign(request, { upgrade }))
    if (answer.takeover === undefined) {
      send({ message, response, answer, reading, isLast: true })
      return
    }
    done()
    handOver(answer, response, { message, socket, head })
  } catch (error) {
    failed(error)
    socket.destroy()
  }
}

function handOver(answer: ApiResponse, response: ServerResponse, { socket, head }: Offer): void {
  response.detachSocket(socket)
  if (!socket.destroyed) socket.write(switchingHead(listsOf(answer.headers)))
  answer.takeover!(socket, head)
}

function listsOf(headers: ApiResponse['headers']): Record<string, string[]> {
  const entries = Object.entries(headers)
  return Object.fromEntries(entries.map(([name, value]) => [name, Array.isArray(value) ? value : [value]]))
}
