// Frames of SPDY/3.1 (the SPDY Protocol draft 3.1) as far as a client of a container runtime's stream server needs
// them. Header blocks are written as a zlib stream of stored blocks, which every inflater reads, with or without
// SPDY's dictionary; the blocks that come back hold nothing that a client asks for, and are passed over.

export const SYN_STREAM = 1
export const SYN_REPLY = 2
export const RST_STREAM = 3
export const PING = 6
export const GOAWAY = 7

/** Of data and of SYN_STREAM: the last frame of its stream in this direction. */
export const FLAG_FIN = 1

const VERSION = 3
const CONTROL = 0x80
const MAX_LENGTH = 0xff_ffff
/** A control frame of more is none that a stream server would send. */
const MAX_CONTROL_BYTES = 64 * 1024
const HEADER_BYTES = 8
const MAX_STORED = 0xffff
/** CMF and FLG of RFC 1950: deflate, 32 KiB window, no dictionary. */
const ZLIB_HEAD = Buffer.from([0x78, 0x01])
/** An empty stored block, zlib's sync flush: at it an inflater gives what it has. */
const FLUSH = Buffer.from([0, 0, 0, 0xff, 0xff])

export type Frame =
  | { type: 'data'; streamId: number; fin: boolean; data: Buffer; last: boolean }
  | { type: 'reply'; streamId: number; fin: boolean }
  | { type: 'reset'; streamId: number; status: number }
  | { type: 'ping'; id: number }
  | { type: 'goaway'; lastStreamId: number; status: number }

export class SpdyError extends Error {
  override name = 'SpdyError'
}

/** Large data is cut into several frames. */
export function dataFrames(streamId: number, data: Buffer, fin: boolean): Buffer[] {
  const pieces: Buffer[] = []
  let at = 0
  do {
    const length = Math.min(data.length - at, MAX_LENGTH)
    const head = Buffer.allocUnsafe(HEADER_BYTES)
    head.writeUInt32BE(streamId, 0)
    head.writeUInt32BE(length, 4)
    if (fin && at + length === data.length) head[4] = FLAG_FIN
    pieces.push(head)
    if (length > 0) pieces.push(data.subarray(at, at + length))
    at += length
  } while (at < data.length)
  return pieces
}

export function resetFrame(streamId: number, status: number): Buffer {
  const body = Buffer.alloc(8)
  body.writeUInt32BE(streamId, 0)
  body.writeUInt32BE(status, 4)
  return control(RST_STREAM, 0, body)
}

export function pingFrame(id: number): Buffer {
  const body = Buffer.alloc(4)
  body.writeUInt32BE(id)
  return control(PING, 0, body)
}

function control(type: number, flags: number, body: Buffer): Buffer {
  const head = Buffer.allocUnsafe(HEADER_BYTES)
  head.writeUInt16BE((CONTROL << 8) | VERSION, 0)
  head.writeUInt16BE(type, 2)
  head.writeUInt32BE(body.length, 4)
  head[4] = flags
  return Buffer.concat([head, body])
}

/** Writes the SYN_STREAMs of one connection: their header blocks are parts of one zlib stream. */
export class StreamOpener {
  #isFirst = true

  frame(streamId: number, headers: Readonly<Record<string, string>>): Buffer {
    const block = headerBlock(headers)
    const pieces: Buffer[] = this.#isFirst ? [ZLIB_HEAD] : []
    this.#isFirst = false
    for (let at = 0; at < block.length; at += MAX_STORED) {
      const stored = block.subarray(at, at + MAX_STORED)
      // RFC 1951, 3.2.4: no compression, not the last block; the length and its complement.
      const head = Buffer.alloc(5)
      head.writeUInt16LE(stored.length, 1)
      head.writeUInt16LE(~stored.length & 0xffff, 3)
      pieces.push(head, stored)
    }
    pieces.push(FLUSH)
    const fixed = Buffer.alloc(10)
    fixed.writeUInt32BE(streamId, 0)
    return control(SYN_STREAM, 0, Buffer.concat([fixed, ...pieces]))
  }
}

function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(headers)
  return Buffer.concat([
    uint32(entries.length),
    ...entries.flatMap(([name, value]) => [...lengthAndText(name.toLowerCase()), ...lengthAndText(value)]),
  ])
}

function lengthAndText(text: string): Buffer[] {
  const bytes = Buffer.from(text)
  return [uint32(bytes.length), bytes]
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/**
 * Takes bytes as they come and gives frames. A frame of data is passed on in pieces, so that nothing is held back;
 * `last` tells the piece that ends it.
 */
export class FrameReader {
  #held: Buffer = Buffer.alloc(0)
  /** The data frame that is being passed on. */
  #data: { streamId: number; fin: boolean; left: number } | undefined;

  /** Throws SpdyError for bytes that are no frames; the connection is then of no use. */
  *read(chunk: Buffer): Generator<Frame> {
    let bytes: Buffer = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    this.#held = Buffer.alloc(0)
    while (bytes.length > 0) {
      if (this.#data !== undefined) {
        const { streamId, fin, left } = this.#data
        const piece = bytes.subarray(0, left)
        bytes = bytes.subarray(piece.length)
        this.#data = piece.length === left ? undefined : { streamId, fin, left: left - piece.length }
        const last = this.#data === undefined
        yield { type: 'data', streamId, fin: fin && last, data: piece, last }
        continue
      }
      if (bytes.length < HEADER_BYTES) break
      const length = bytes.readUIntBE(5, 3)
      if ((bytes[0]! & CONTROL) === 0) {
        const streamId = bytes.readUInt32BE(0)
        if (streamId === 0) throw new SpdyError('data of no stream')
        const fin = (bytes[4]! & FLAG_FIN) !== 0
        bytes = bytes.subarray(HEADER_BYTES)
        if (length > 0) this.#data = { streamId, fin, left: length }
        else yield { type: 'data', streamId, fin, data: Buffer.alloc(0) as Buffer, last: true }
        continue
      }
      if (length > MAX_CONTROL_BYTES) throw new SpdyError(`a control frame of ${length} bytes`)
      if (bytes.length < HEADER_BYTES + length) break
      const frame = controlFrame(bytes.subarray(0, HEADER_BYTES + length))
      bytes = bytes.subarray(HEADER_BYTES + length)
      if (frame !== undefined) yield frame
    }
    this.#held = Buffer.from(bytes)
  }
}

/** undefined: one that a client has nothing to do about (SETTINGS, HEADERS, WINDOW_UPDATE). */
function controlFrame(bytes: Buffer): Frame | undefined {
  const version = bytes.readUInt16BE(0) & 0x7fff
  if (version !== VERSION) throw new SpdyError(`SPDY version ${version}`)
  const type = bytes.readUInt16BE(2)
  const fin = (bytes[4]! & FLAG_FIN) !== 0
  const body = bytes.subarray(HEADER_BYTES)
  const word = (at: number) => {
    if (body.length < at + 4) throw new SpdyError(`control frame ${type} ends early`)
    return body.readUInt32BE(at)
  }
  switch (type) {
    case SYN_STREAM:
      throw new SpdyError('the server may open no streams')
    case SYN_REPLY:
      return { type: 'reply', streamId: word(0) & 0x7fff_ffff, fin }
    case RST_STREAM:
      return { type: 'reset', streamId: word(0) & 0x7fff_ffff, status: word(4) }
    case PING:
      return { type: 'ping', id: word(0) }
    case GOAWAY:
      return { type: 'goaway', lastStreamId: word(0) & 0x7fff_ffff, status: word(4) }
    default:
      return undefined
  }
}
