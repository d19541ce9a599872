// SPDY within a WebSocket: the bytes of its binary messages are those of the other connection, nothing else is read.

import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { bytesOf } from './channels.ts'

const HIGH_WATER_BYTES = 256 * 1024
const LINGER_MS = 10_000

/** Resolves when both sides are closed. */
export async function tunnel(ws: WebSocket, socket: Socket, head: Buffer): Promise<void> {
  socket.setNoDelay(true)
  const show = (chunk: Buffer) => {
    if (ws.readyState !== ws.OPEN) return
    ws.send(chunk, () => {
      if (ws.bufferedAmount <= HIGH_WATER_BYTES) socket.resume()
    })
    if (ws.bufferedAmount > HIGH_WATER_BYTES) socket.pause()
  }
  if (head.length > 0) show(head)
  socket.on('data', show)
  ws.on('message', (data) => {
    if (!socket.writable || socket.write(bytesOf(data))) return
    ws.pause()
    socket.once('drain', () => ws.resume())
  })
  socket.on('error', () => {})
  const closed = [
    new Promise<void>((resolve) => {
      ws.once('close', () => {
        socket.end()
        socket.resume()
        socket.setTimeout(LINGER_MS, () => socket.destroy())
        resolve()
      })
    }),
    new Promise<void>((resolve) => {
      socket.once('close', () => {
        ws.resume()
        ws.close(1000)
        resolve()
      })
    }),
  ]
  await Promise.all(closed)
}
