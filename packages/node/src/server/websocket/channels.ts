// Messages of a WebSocket whose first byte names a channel (Kubernetes' channel.k8s.io protocols).

import type { Writable } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import type { ChannelProtocol } from './protocols.ts'

/** What may wait to be sent before a writer is held up. */
const HIGH_WATER_BYTES = 256 * 1024
/** Of v5: the next byte is the channel that gets no more. */
const CLOSE_CHANNEL = 255
const DIGIT_ZERO = 0x30

export class Channels {
  readonly #ws: WebSocket
  readonly #protocol: ChannelProtocol

  constructor(ws: WebSocket, protocol: ChannelProtocol) {
    this.#ws = ws
    this.#protocol = protocol
  }

  /**
   * What comes on a channel goes to its stream; what comes for no stream is dropped. While a stream is full nothing
   * more is taken from the client.
   */
  receive(streams: ReadonlyMap<number, Writable>): void {
    this.#ws.on('message', (data) => {
      const message = this.#decode(bytesOf(data))
      if (message === undefined) return
      const stream = streams.get(message.channel)
      if (stream === undefined || stream.writableEnded || stream.destroyed) return
      if (message.data === undefined) stream.end()
      else if (message.data.length > 0 && !stream.write(message.data)) this.#pauseFor(stream)
    })
  }

  /** Resolves when there is room for more. Drops what can no longer be sent. */
  send(channel: number, data: Buffer): Promise<void> {
    if (this.#ws.readyState !== this.#ws.OPEN) return Promise.resolve()
    const message =
      this.#protocol.encoding === 'binary'
        ? Buffer.concat([Buffer.from([channel]), data])
        : `${channel}${data.toString('base64')}`
    return new Promise((resolve) => {
      const isFull = this.#ws.bufferedAmount > HIGH_WATER_BYTES
      this.#ws.send(message, () => resolve())
      if (!isFull) resolve()
    })
  }

  /** Everything that was sent arrives first. */
  close(): void {
    this.#ws.close(1000)
  }

  #pauseFor(stream: Writable): void {
    this.#ws.pause()
    const go = () => {
      stream.off('drain', go).off('close', go)
      this.#ws.resume()
    }
    stream.on('drain', go).on('close', go)
  }

  /** undefined: nothing that a client would say. `data` undefined: the channel is closed. */
  #decode(bytes: Buffer): { channel: number; data: Buffer | undefined } | undefined {
    if (bytes.length === 0) return undefined
    const first = bytes[0]!
    if (this.#protocol.encoding === 'base64') {
      return { channel: first - DIGIT_ZERO, data: Buffer.from(bytes.toString('latin1', 1), 'base64') }
    }
    if (first !== CLOSE_CHANNEL || !this.#protocol.closes) return { channel: first, data: bytes.subarray(1) }
    return bytes.length === 2 ? { channel: bytes[1]!, data: undefined } : undefined
  }
}

export function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)
}
