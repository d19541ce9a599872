// Looking through a layer that comes from anywhere before it is taken in: that it is what it says, and that nothing in
// it reaches out of the image.

import { createHash } from 'node:crypto'
import { PassThrough, Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import zlib from 'node:zlib'
import { type Content, read } from '../build/content.ts'
import { ImageError } from '../image-error.ts'
import type { TarEntry } from '../tar/header.ts'
import { linkEscapes, shown } from '../tar/path.ts'
import { readTar } from '../tar/read.ts'
import { streamSource } from '../tar/source.ts'

/** Of one layer, unpacked. */
export const MAX_LAYER_BYTES = 32 * 1024 ** 3

export interface CheckedLayer {
  /** Of the layer as it is stored. */
  digest: string
  sizeBytes: number
  /** Of the tar inside. */
  diffId: string
  unpackedBytes: number
  packed: 'no' | 'gzip' | 'zstd'
  /** Programs that run with their owner's rights: legitimate, and worth knowing. */
  setuid: string[]
}

/** Throws ImageError saying what is wrong with it. */
export async function checkLayer(content: Content, maxBytes = MAX_LAYER_BYTES): Promise<CheckedLayer> {
  const packed = await packingOf(content)
  const outer = createHash('sha256')
  const inner = createHash('sha256')
  let sizeBytes = 0
  let unpackedBytes = 0
  const setuid: string[] = []
  const pack = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      outer.update(chunk)
      sizeBytes += chunk.length
      yield chunk
    }
  }
  const unpack = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      inner.update(chunk)
      unpackedBytes += chunk.length
      if (unpackedBytes > maxBytes)
        throw new ImageError(`a layer has more than ${maxBytes} bytes when unpacked`)
      yield chunk
    }
  }
  const look = async (chunks: AsyncIterable<Buffer>) => {
    const source = streamSource(chunks)
    const escapes = new Set<string>()
    for await (const entry of readTar(source, { entries: 5_000_000, contentBytes: maxBytes })) {
      checkEntry(entry, escapes)
      if (entry.type === 'file' && (entry.mode & 0o6000) !== 0) setuid.push(entry.path)
    }
    // What follows the end of the archive counts for the digests.
    while ((await source.skip(1024 * 1024)) > 0);
  }
  try {
    await pipeline(Readable.from(read(content)), pack, unpackerOf(packed), unpack, look)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (!/^(Z_|ZSTD_|ERR_ZSTD)/.test(code ?? '')) throw error
    throw new ImageError(`a layer cannot be unpacked: its ${packed} data is damaged`, { cause: error })
  }
  return {
    digest: `sha256:${outer.digest('hex')}`,
    sizeBytes,
    diffId: `sha256:${inner.digest('hex')}`,
    unpackedBytes,
    packed,
    setuid,
  }
}

/** `escapes`: links of this layer that lead above its root; nothing may be placed through them. */
function checkEntry(entry: TarEntry, escapes: Set<string>): void {
  const { path, type, linkPath } = entry
  if (type === 'character-device' || type === 'block-device') {
    throw new ImageError(`a layer holds a device: ${shown(path)}`)
  }
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
    if (escapes.has(path.slice(0, slash))) {
      throw new ImageError(`a layer places ${shown(path)} through a link that leads out of the image`)
    }
  }
  if (type === 'symlink' && linkEscapes(path, linkPath)) escapes.add(path)
  else escapes.delete(path)
}

async function packingOf(content: Content): Promise<CheckedLayer['packed']> {
  let start: Buffer = Buffer.alloc(0)
  for await (const chunk of read(content)) {
    start = Buffer.concat([start, chunk])
    if (start.length >= 4) break
  }
  return packing(start)
}

export function packing(start: Buffer): CheckedLayer['packed'] {
  if (start[0] === 0x1f && start[1] === 0x8b) return 'gzip'
  return start.length >= 4 && start.readUInt32LE(0) === 0xfd2fb528 ? 'zstd' : 'no'
}

export function unpackerOf(packed: CheckedLayer['packed']): Transform {
  if (packed === 'no') return new PassThrough()
  return packed === 'gzip' ? zlib.createGunzip() : zlib.createZstdDecompress()
}
