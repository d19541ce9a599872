// What a file or a blob holds, without holding it: bytes, a part of a file on disk, or something to be read elsewhere.

import { type FileHandle, open } from 'node:fs/promises'
import { assert } from '@brume/base/assert'

export type Content = Buffer | FilePart | Elsewhere

export interface FilePart {
  file: string
  offset: number
  sizeBytes: number
}

export interface Elsewhere {
  sizeBytes: number
  /** From the start, each time. */
  open(): AsyncIterable<Buffer>
}

const CHUNK_BYTES = 256 * 1024

export function sizeOf(content: Content): number {
  return Buffer.isBuffer(content) ? content.length : content.sizeBytes
}

/** The bytes in pieces of bounded size. Throws when the file has become shorter. */
export async function* read(content: Content): AsyncGenerator<Buffer> {
  if (Buffer.isBuffer(content)) {
    yield content
    return
  }
  await using reader = new ContentReader()
  yield* reader.read(content)
}

export async function readWhole(content: Content): Promise<Buffer> {
  if (Buffer.isBuffer(content)) return content
  const parts: Buffer[] = []
  for await (const piece of read(content)) parts.push(piece)
  return Buffer.concat(parts)
}

/** Reads many parts of few files: keeps the last one open. */
export class ContentReader {
  #path = ''
  #file: FileHandle | undefined

  async *read(content: Content): AsyncGenerator<Buffer> {
    if (Buffer.isBuffer(content)) {
      yield content
      return
    }
    if ('open' in content) {
      yield* content.open()
      return
    }
    const file = await this.#open(content.file)
    let at = content.offset
    const end = content.offset + content.sizeBytes
    while (at < end) {
      const bytes = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - at))
      const { bytesRead } = await file.read(bytes, 0, bytes.length, at)
      assert(bytesRead > 0, `${content.file} became shorter while it was read`)
      at += bytesRead
      yield bytes.subarray(0, bytesRead)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
  }

  async #open(path: string): Promise<FileHandle> {
    if (this.#file !== undefined && this.#path === path) return this.#file
    await this.#file?.close()
    this.#path = path
    this.#file = await open(path, 'r')
    return this.#file
  }
}
