// One SPDY/3.1 connection to a container runtime's stream server, which has no flow control of its own: a stream that
// is not read stops the connection, so back-pressure is TCP's.

import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { dataFrames, type Frame, FrameReader, pingFrame, resetFrame, StreamOpener } from './frames.ts'

const CANCEL = 5
const MAX_STREAM_ID = 0x7fff_ffff

export class SpdyConnection {
  readonly #socket: Socket
  readonly #opener = new StreamOpener()
  readonly #reader = new FrameReader()
  readonly #streams = new Map<number, SpdyStream>()
  readonly #unread = new Set<SpdyStream>()
  #nextId = 1
  /** Resolves when the connection is gone; never rejects. */
  readonly closed: Promise<void>

  /** `head`: what had been read already when the protocol changed. */
  constructor(socket: Socket, head: Buffer) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => this.#received(chunk))
    socket.once('end', () => socket.end())
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        for (const stream of [...this.#streams.values()]) stream.remoteEnded()
        resolve()
      })
    })
    if (head.length > 0) this.#received(head)
  }

  /** Does not wait for the reply: what is written goes out after the opening. */
  open(headers: Readonly<Record<string, string>>): SpdyStream {
    const id = this.#nextId
    this.#nextId += 2
    if (id > MAX_STREAM_ID) throw new Error('the connection has no stream ids left')
    const stream = new SpdyStream({
      send: (data, fin, done) => this.#write(dataFrames(id, data, fin), done),
      reset: () => this.#write([resetFrame(id, CANCEL)], () => {}),
      hungry: () => this.#resume(stream),
      gone: () => {
        this.#streams.delete(id)
        this.#resume(stream)
      },
    })
    this.#streams.set(id, stream)
    this.#write([this.#opener.frame(id, headers)], () => {})
    return stream
  }

  /** Ends all streams. What was written is still sent. */
  close(): void {
    this.#socket.end()
    this.#socket.setTimeout(10_000, () => this.#socket.destroy())
    this.#socket.resume()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #write(pieces: readonly Buffer[], done: (error?: Error | null) => void): void {
    if (!this.#socket.writable) {
      done(new Error('the connection to the container runtime is gone'))
      return
    }
    this.#socket.cork()
    for (const piece of pieces.slice(0, -1)) this.#socket.write(piece)
    this.#socket.write(pieces.at(-1)!, done)
    this.#socket.uncork()
  }

  #received(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.read(chunk)) this.#take(frame)
    } catch (error) {
      this.#socket.destroy(error as Error)
    }
  }

  #take(frame: Frame): void {
    switch (frame.type) {
      case 'data': {
        const stream = this.#streams.get(frame.streamId)
        if (stream === undefined) return
        if (frame.data.length > 0 && !stream.deliver(frame.data)) this.#pause(stream)
        if (frame.fin) stream.remoteEnded()
        return
      }
      case 'reply':
        if (frame.fin) this.#streams.get(frame.streamId)?.remoteEnded()
        return
      case 'reset':
        this.#streams.get(frame.streamId)?.remoteReset()
        return
      case 'ping':
        // Even numbers are the server's.
        if (frame.id % 2 === 0) this.#write([pingFrame(frame.id)], () => {})
        return
      case 'goaway':
        return
    }
  }

  #pause(stream: SpdyStream): void {
    this.#unread.add(stream)
    this.#socket.pause()
  }

  #resume(stream: SpdyStream): void {
    if (this.#unread.delete(stream) && this.#unread.size === 0) this.#socket.resume()
  }
}

interface Wire {
  send(data: Buffer, fin: boolean, done: (error?: Error | null) => void): void
  reset(): void
  /** The reader wants more. */
  hungry(): void
  gone(): void
}

/** A stream of the connection. The server's reset is an end: it resets all streams when it has finished. */
export class SpdyStream extends Duplex {
  readonly #wire: Wire
  #remoteIsDone = false
  #remoteIsDeaf = false

  constructor(wire: Wire) {
    super({ allowHalfOpen: true, autoDestroy: true })
    this.#wire = wire
    this.on('error', () => {})
  }

  /** false: wait until the reader wants more. */
  deliver(data: Buffer): boolean {
    return this.#remoteIsDone || this.destroyed ? true : this.push(data)
  }

  remoteEnded(): void {
    if (this.#remoteIsDone) return
    this.#remoteIsDone = true
    if (!this.destroyed) this.push(null)
  }

  remoteReset(): void {
    this.#remoteIsDeaf = true
    this.remoteEnded()
    if (!this.writableEnded) this.end()
  }

  override _read(): void {
    this.#wire.hungry()
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#remoteIsDeaf) done()
    else this.#wire.send(chunk, false, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#remoteIsDeaf) done()
    else this.#wire.send(Buffer.alloc(0), true, () => done())
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#remoteIsDone || !this.writableFinished) this.#wire.reset()
    this.#wire.gone()
    done(error)
  }
}
