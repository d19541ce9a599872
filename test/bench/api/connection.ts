// One HTTP/2 connection to an API server (RFC 9113), as little of it as a load generator needs, so that what is measured
// is the server: requests are bytes that were put together once, and of answers only frames, status and data are looked
// at. Windows are so large that nobody waits for them.

import { connect, type TLSSocket } from 'node:tls'
import { statusOf } from './header-block.ts'

/** How a load process shows who it is: an administrator's certificate, or a bearer token. */
export interface Auth {
  cert?: string
  key?: string
  token?: string
}

export interface Reply {
  status: number
  bytes: number
  /** From sending the request to the first byte of the body. */
  firstByteMs: number
  totalMs: number
}

export interface Sent {
  method?: string
  path: string
  headers?: Record<string, string>
  body?: Buffer | undefined
  /** Every piece of the body as it comes; used again for others afterwards. */
  onData?(chunk: Buffer): void
}

interface Stream {
  start: number
  status: number
  bytes: number
  firstByteMs: number
  onData: ((chunk: Buffer) => void) | undefined
  resolve(reply: Reply): void
  reject(error: Error): void
}

interface Fields {
  pseudo: Buffer
  regular: Buffer
}

const NO_HEADERS: Record<string, string> = {}
const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8 } as const
const END_STREAM = 1
const ACK = 1
const END_HEADERS = 4
const PADDED = 8
const PRIORITY = 0x20
const HEAD_BYTES = 9
const MAX_WINDOW = 2 ** 31 - 1
const DEFAULT_WINDOW = 65_535
/** The connection's window is opened again when this much of it was used. */
const REOPEN_BYTES = 2 ** 29
/** RFC 9113: what a peer takes in one frame unless it says otherwise. */
const MAX_FRAME_BYTES = 16_384
const SETTINGS = { headerTableSize: 1, enablePush: 2, initialWindowSize: 4 } as const
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

/** kube-apiserver indents its answers for clients that look like a person's. */
const USER_AGENT = 'brume-bench/1'

export class Connection {
  readonly #socket: TLSSocket
  readonly #authority: string
  readonly #headers: Record<string, string>
  readonly #streams = new Map<number, Stream>()
  /** By the headers that were given, and by method. */
  readonly #known = new WeakMap<object, Map<string, Fields>>()
  #next = 1
  #rest: Buffer | undefined
  #received = 0
  #waiting: Buffer[] = []

  private constructor(socket: TLSSocket, authority: string, auth: Auth) {
    this.#socket = socket
    this.#authority = authority
    this.#headers = {
      'user-agent': USER_AGENT,
      ...(auth.token === undefined ? {} : { authorization: `Bearer ${auth.token}` }),
    }
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the connection ended early')))
    const window = Buffer.alloc(4)
    window.writeUInt32BE(MAX_WINDOW - DEFAULT_WINDOW)
    socket.write(
      Buffer.concat([Buffer.from(PREFACE), settingsFrame(), frame(FRAME.windowUpdate, 0, 0, window)]),
    )
  }

  static open(url: string, auth: Auth): Promise<Connection> {
    const { hostname, port, host } = new URL(url)
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: hostname,
        port: Number(port),
        ALPNProtocols: ['h2'],
        ...(auth.cert === undefined ? {} : { cert: auth.cert }),
        ...(auth.key === undefined ? {} : { key: auth.key }),
        // The servers are this benchmark's own children, on the loopback.
        rejectUnauthorized: false,
      })
      socket.setNoDelay(true)
      socket.once('error', reject)
      socket.once('secureConnect', () => {
        socket.off('error', reject)
        resolve(new Connection(socket, host, auth))
      })
    })
  }

  /** Resolves at the end of the answer, whatever its status. Rejects when the connection or the stream breaks. */
  send({ method = 'GET', path, headers = NO_HEADERS, body, onData }: Sent): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const id = this.#next
      this.#next += 2
      const start = performance.now()
      this.#streams.set(id, { start, status: 0, bytes: 0, firstByteMs: 0, onData, resolve, reject })
      const { pseudo, regular } = this.#fields(method, headers)
      const fields = [pseudo, field(':path', path), regular]
      if (body !== undefined) fields.push(field('content-length', String(body.length)))
      const flags = END_HEADERS | (body === undefined ? END_STREAM : 0)
      this.#write(frame(FRAME.headers, flags, id, Buffer.concat(fields)))
      for (let at = 0; body !== undefined && at < body.length; at += MAX_FRAME_BYTES) {
        const part = body.subarray(at, at + MAX_FRAME_BYTES)
        this.#write(frame(FRAME.data, at + part.length === body.length ? END_STREAM : 0, id, part))
      }
    })
  }

  close(): void {
    this.#streams.clear()
    this.#socket.destroy()
  }

  /** Pseudo-header fields come before the others; only the path differs from request to request. */
  #fields(method: string, headers: Record<string, string>): Fields {
    let fields = this.#known.get(headers)?.get(method)
    if (fields === undefined) {
      const block = (values: Record<string, string>) =>
        Buffer.concat(Object.entries(values).map(([name, value]) => field(name, value)))
      fields = {
        pseudo: block({ ':method': method, ':scheme': 'https', ':authority': this.#authority }),
        regular: block({ ...this.#headers, ...headers }),
      }
      const byMethod = this.#known.get(headers) ?? new Map<string, Fields>()
      this.#known.set(headers, byMethod.set(method, fields))
    }
    return fields
  }

  /** What is sent in one turn goes in one piece. */
  #write(bytes: Buffer): void {
    if (this.#waiting.length === 0) {
      queueMicrotask(() => {
        this.#socket.write(Buffer.concat(this.#waiting))
        this.#waiting = []
      })
    }
    this.#waiting.push(bytes)
  }

  #receive(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    while (at + HEAD_BYTES <= bytes.length) {
      const length = bytes.readUIntBE(at, 3)
      const end = at + HEAD_BYTES + length
      if (end > bytes.length) break
      const id = bytes.readUInt32BE(at + 5) & MAX_WINDOW
      this.#take(bytes[at + 3]!, bytes[at + 4]!, id, bytes.subarray(at + HEAD_BYTES, end))
      at = end
    }
    this.#rest = at === bytes.length ? undefined : bytes.subarray(at)
  }

  #take(type: number, flags: number, id: number, payload: Buffer): void {
    switch (type) {
      case FRAME.settings:
        if ((flags & ACK) === 0) this.#write(frame(FRAME.settings, ACK, 0))
        return
      case FRAME.ping:
        if ((flags & ACK) === 0) this.#write(frame(FRAME.ping, ACK, 0, payload))
        return
      case FRAME.goaway:
        this.#fail(new Error(`the server ended the connection: ${payload.toString('latin1', 8)}`))
        return
      case FRAME.reset:
        this.#streams.get(id)?.reject(new Error(`the stream was reset: ${payload.readUInt32BE(0)}`))
        this.#streams.delete(id)
        return
      case FRAME.headers:
      case FRAME.data:
        this.#answer(type, flags, id, payload)
    }
  }

  #answer(type: number, flags: number, id: number, payload: Buffer): void {
    const stream = this.#streams.get(id)
    if (type === FRAME.data) this.#account(payload.length)
    if (stream === undefined) return
    const padding = flags & PADDED ? payload[0]! : 0
    const start = (flags & PADDED ? 1 : 0) + (type === FRAME.headers && flags & PRIORITY ? 5 : 0)
    const content = payload.subarray(start, payload.length - padding)
    if (type === FRAME.headers) stream.status ||= statusOf(content)
    else if (content.length > 0) {
      if (stream.bytes === 0) stream.firstByteMs = performance.now() - stream.start
      stream.bytes += content.length
      stream.onData?.(content)
    }
    if ((flags & END_STREAM) === 0) return
    this.#streams.delete(id)
    const { status, bytes, firstByteMs } = stream
    stream.resolve({ status, bytes, firstByteMs, totalMs: performance.now() - stream.start })
  }

  #account(bytes: number): void {
    this.#received += bytes
    if (this.#received < REOPEN_BYTES) return
    const increment = Buffer.alloc(4)
    increment.writeUInt32BE(this.#received)
    this.#write(frame(FRAME.windowUpdate, 0, 0, increment))
    this.#received = 0
  }

  #fail(error: Error): void {
    const streams = [...this.#streams.values()]
    this.#streams.clear()
    for (const stream of streams) stream.reject(error)
  }
}

const NOTHING = Buffer.alloc(0)

function frame(type: number, flags: number, id: number, payload: Buffer = NOTHING): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + payload.length)
  bytes.writeUIntBE(payload.length, 0, 3)
  bytes[3] = type
  bytes[4] = flags
  bytes.writeUInt32BE(id, 5)
  payload.copy(bytes, HEAD_BYTES)
  return bytes
}

/** No table that has to be kept in step, no pushes, and windows without an end. */
function settingsFrame(): Buffer {
  const values: [number, number][] = [
    [SETTINGS.headerTableSize, 0],
    [SETTINGS.enablePush, 0],
    [SETTINGS.initialWindowSize, MAX_WINDOW],
  ]
  const payload = Buffer.alloc(6 * values.length)
  for (const [i, [name, value]] of values.entries()) {
    payload.writeUInt16BE(name, 6 * i)
    payload.writeUInt32BE(value, 6 * i + 2)
  }
  return frame(FRAME.settings, 0, 0, payload)
}

/** A header field as it is, in no table (RFC 7541, 6.2.2). */
function field(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), text(name), text(value)])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([lengthOf(bytes.length), bytes])
}

/** RFC 7541, 5.1, with a prefix of 7 bits. */
function lengthOf(length: number): Buffer {
  if (length < 127) return Buffer.from([length])
  const bytes = [127]
  let rest = length - 127
  for (; rest >= 128; rest >>>= 7) bytes.push((rest & 127) | 128)
  bytes.push(rest)
  return Buffer.from(bytes)
}
