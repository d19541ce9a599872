// Takes a connection over as a WebSocket.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'

/** One message; kubectl and the usual clients send a few KiB at a time. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

export interface WebSocketOffer {
  message: IncomingMessage
  socket: Socket
  head: Buffer
}

/** Loaded with the first WebSocket: most nodes never see one. */
let library: Promise<typeof import('ws')> | undefined

/** `protocol`: '' for none. Rejects when the client's handshake is wrong; it has been told then. */
export async function acceptWebSocket(offer: WebSocketOffer, protocol: string): Promise<WebSocket> {
  library ??= import('ws')
  const { WebSocketServer } = await library
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  })
  const { message, socket, head } = offer
  // The library refuses names like `SPDY/3.1+portforward.k8s.io`, which are no tokens: they are agreed on without it.
  delete message.headers['sec-websocket-protocol']
  if (protocol !== '') server.once('headers', (lines) => lines.push(`Sec-WebSocket-Protocol: ${protocol}`))
  return new Promise((resolve, reject) => {
    server.once('wsClientError', reject)
    socket.once('close', () => reject(new Error('the client has gone')))
    server.handleUpgrade(message, socket, head, (ws) => {
      ws.on('error', () => {})
      resolve(ws)
    })
  })
}
