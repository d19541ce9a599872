// exec and attach over a WebSocket: its channels joined to the streams that the container runtime serves over SPDY,
// which can close standard input and tells the exit code.

import type { Readable, Writable } from 'node:stream'
import type { WebSocket } from 'ws'
import type { SpdyConnection, SpdyStream } from '../spdy/connection.ts'
import type { CommandStreams } from '../stream-query.ts'
import { Channels } from './channels.ts'
import type { ChannelProtocol } from './protocols.ts'

const STDIN = 0
const STDOUT = 1
const STDERR = 2
const ERROR = 3
const RESIZE = 4
/**
 * Some clients wait for a first message, to know that it has begun. kubectl complains of one that comes before it has made
 * its streams, which it does when the connection is open already.
 */
const GREETING_MS = 100
const MAX_STATUS_BYTES = 64 * 1024

/** Resolves when both sides are closed. */
export async function serveCommand(
  ws: WebSocket,
  protocol: ChannelProtocol,
  { connection, streams }: { connection: SpdyConnection; streams: CommandStreams },
): Promise<void> {
  const channels = new Channels(ws, protocol)
  const gone = new Promise<void>((resolve) => ws.once('close', () => resolve()))
  void gone.then(() => connection.destroy())
  // The runtime waits for exactly these, the error stream first.
  const open = (streamType: string) => connection.open({ streamType })
  const errors = open('error')
  const inputs = new Map<number, Writable>()
  if (streams.stdin) inputs.set(STDIN, open('stdin'))
  const outputs: Promise<void>[] = []
  const show = (channel: number, stream: SpdyStream) => outputs.push(copy(stream, channel, channels))
  if (streams.stdout) show(STDOUT, open('stdout'))
  if (streams.stderr) show(STDERR, open('stderr'))
  if (streams.tty) inputs.set(RESIZE, open('resize'))
  channels.receive(inputs)
  const first = streams.stdout ? STDOUT : streams.stderr ? STDERR : ERROR
  const greeting = setTimeout(() => void channels.send(first, Buffer.alloc(0)), GREETING_MS)
  const status = await textOf(errors)
  clearTimeout(greeting)
  await Promise.all(outputs)
  await channels.send(ERROR, Buffer.from(statusFor(protocol, status)))
  channels.close()
  connection.close()
  await Promise.all([gone, connection.closed])
}

async function copy(from: Readable, channel: number, channels: Channels): Promise<void> {
  for await (const chunk of from) await channels.send(channel, chunk as Buffer)
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    length += (chunk as Buffer).length
    if (length <= MAX_STATUS_BYTES) chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString()
}

/** What the runtime told at the end, for a client of this protocol; without it the stream was cut. */
function statusFor({ status }: ChannelProtocol, told: string): string {
  const failed = {
    metadata: {},
    status: 'Failure',
    message: 'Internal error occurred: the stream to the container was cut',
    reason: 'InternalError',
    details: { causes: [{ message: 'the stream to the container was cut' }] },
    code: 500,
  }
  const text = told === '' ? JSON.stringify(failed) : told
  if (status === 'json') return text
  try {
    const { status: outcome, message } = JSON.parse(text)
    return outcome === 'Success' ? '' : String(message)
  } catch {
    return text
  }
}
