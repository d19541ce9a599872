// Where the bytes of an archive come from: a stream, read once, or a file, read where it is needed.

import type { FileHandle } from 'node:fs/promises'

const CHUNK_BYTES = 256 * 1024

export interface ByteSource {
  /** Of the next byte, from the start. */
  readonly position: number
  /** The next `length` bytes; fewer only at the end. */
  read(length: number): Promise<Buffer>
  /** How many of `length` bytes were there to pass over. */
  skip(length: number): Promise<number>
  /** The next `length` bytes in pieces; fewer only at the end. */
  pieces(length: number): AsyncGenerator<Buffer>
}

export function streamSource(stream: AsyncIterable<Buffer>): ByteSource {
  const iterator = stream[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)
  let position = 0
  /** At most `length` bytes; empty at the end. */
  const next = async (length: number): Promise<Buffer> => {
    while (rest.length === 0) {
      const { done, value } = await iterator.next()
      if (done === true) return rest
      rest = value
    }
    const piece = rest.subarray(0, length)
    rest = rest.subarray(piece.length)
    position += piece.length
    return piece
  }
  async function* pieces(length: number): AsyncGenerator<Buffer> {
    let left = length
    while (left > 0) {
      const piece = await next(left)
      if (piece.length === 0) return
      left -= piece.length
      yield piece
    }
  }
  return {
    get position() {
      return position
    },
    async read(length) {
      const first = await next(length)
      if (first.length === length || first.length === 0) return first
      const parts = [first]
      for await (const piece of pieces(length - first.length)) parts.push(piece)
      return Buffer.concat(parts)
    },
    async skip(length) {
      const before = position
      for await (const _ of pieces(length));
      return position - before
    },
    pieces,
  }
}

/** Reads a part of an open file. */
export function fileSource(
  file: FileHandle,
  { start, sizeBytes }: { start: number; sizeBytes: number },
): ByteSource {
  let position = 0
  const read = async (length: number): Promise<Buffer> => {
    const wanted = Math.min(length, sizeBytes - position)
    const bytes = Buffer.allocUnsafe(wanted)
    let filled = 0
    while (filled < wanted) {
      const { bytesRead } = await file.read(bytes, filled, wanted - filled, start + position + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    position += filled
    return bytes.subarray(0, filled)
  }
  return {
    get position() {
      return position
    },
    read,
    async skip(length) {
      const passed = Math.min(length, sizeBytes - position)
      position += passed
      return passed
    },
    async *pieces(length) {
      let left = length
      while (left > 0) {
        const piece = await read(Math.min(left, CHUNK_BYTES))
        if (piece.length === 0) return
        left -= piece.length
        yield piece
      }
    },
  }
}
