// Port forwarding over a WebSocket in the older way: two channels a port, data and errors, each beginning with the
// port's number, one connection a port.

import type { Writable } from 'node:stream'
import type { WebSocket } from 'ws'
import type { SpdyConnection, SpdyStream } from '../spdy/connection.ts'
import { Channels } from './channels.ts'
import type { ChannelProtocol } from './protocols.ts'

/** Resolves when both sides are closed. */
export async function servePorts(
  ws: WebSocket,
  protocol: ChannelProtocol,
  { connection, ports }: { connection: SpdyConnection; ports: readonly number[] },
): Promise<void> {
  const channels = new Channels(ws, protocol)
  const gone = new Promise<void>((resolve) => ws.once('close', () => resolve()))
  void gone.then(() => connection.destroy())
  const inputs = new Map<number, Writable>()
  const copies: Promise<void>[] = []
  for (const [index, port] of ports.entries()) {
    const headers = { port: String(port), requestID: String(index) }
    const errors = connection.open({ ...headers, streamType: 'error' })
    errors.end()
    const data = connection.open({ ...headers, streamType: 'data' })
    inputs.set(2 * index, data)
    const number = Buffer.alloc(2)
    number.writeUInt16LE(port)
    copies.push(copy(data, 2 * index, { channels, first: number }))
    copies.push(copy(errors, 2 * index + 1, { channels, first: number }))
  }
  channels.receive(inputs)
  await Promise.all(copies)
  channels.close()
  connection.close()
  await Promise.all([gone, connection.closed])
}

async function copy(
  from: SpdyStream,
  channel: number,
  { channels, first }: { channels: Channels; first: Buffer },
): Promise<void> {
  await channels.send(channel, first)
  for await (const chunk of from) await channels.send(channel, chunk as Buffer)
}
