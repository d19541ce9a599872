// What goes wrong, as the answer of a request or of an upgrade that has not begun.

import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Logger } from '@brume/base/log'
import { isCriError } from '../cri/connection.ts'
import { GRPC_STATUS } from '../grpc/status.ts'
import { AgentError } from './agent-error.ts'

interface Told {
  status: number
  text: string
}

const HEADERS = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }
const HTTP_OF: Readonly<Record<number, number>> = {
  [GRPC_STATUS.notFound]: 404,
  [GRPC_STATUS.resourceExhausted]: 429,
}

/** What nobody expected goes to the log and not to the client. */
export function toldOf(error: unknown, logger: Logger): Told {
  if (error instanceof AgentError) return { status: error.status, text: error.message }
  if (isCriError(error)) return { status: HTTP_OF[error.code] ?? 500, text: error.message }
  logger.warn('a request to the node failed', { error })
  return { status: 500, text: 'the node could not answer; see its log' }
}

export function refuse(response: ServerResponse, { status, text }: Told): void {
  if (response.headersSent) response.destroy()
  else response.writeHead(status, { ...HEADERS, connection: 'close' }).end(text)
}

/** A stream that has begun is cut. */
export function refuseUpgrade(socket: Duplex & { bytesWritten?: number }, { status, text }: Told): void {
  if (!socket.writable || (socket.bytesWritten ?? 0) > 0) {
    socket.destroy()
    return
  }
  const http = process.getBuiltinModule('node:http')
  const headers = { ...HEADERS, connection: 'close', 'content-length': Buffer.byteLength(text) }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n${lines.join('')}\r\n${text}`)
}
