// A tree as a layer: sorted, without times, so that the same files give the same digest.

import { createHash, type Hash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import zlib from 'node:zlib'
import { type Descriptor, MEDIA_TYPES } from '../oci/types.ts'
import { paddingOf, TAR_END, tarHeader } from '../tar/header.ts'
import { ContentReader, sizeOf } from './content.ts'
import type { FileTree, TreeNode } from './tree.ts'

/** zstd is several times faster, here and on the nodes; Docker before 23 takes only gzip. */
export type Compression = 'zstd' | 'gzip'

export interface WrittenLayer {
  descriptor: Descriptor
  /** Of the tar inside. */
  diffId: string
  file: string
  uncompressedBytes: number
}

export async function writeLayer(
  tree: FileTree,
  { file, compression }: { file: string; compression: Compression },
): Promise<WrittenLayer> {
  const inner = counted()
  const outer = counted()
  await pipeline(
    Readable.from(layerTar(tree), { objectMode: false, highWaterMark: 1024 * 1024 }),
    inner.stream,
    compressor(compression),
    outer.stream,
    createWriteStream(file),
  )
  return {
    descriptor: {
      mediaType: compression === 'zstd' ? MEDIA_TYPES.layerZstd : MEDIA_TYPES.layerGzip,
      digest: outer.digest(),
      size: outer.bytes(),
    },
    diffId: inner.digest(),
    file,
    uncompressedBytes: inner.bytes(),
  }
}

/** The archive, in pieces. */
export async function* layerTar(tree: FileTree): AsyncGenerator<Buffer> {
  await using reader = new ContentReader()
  for (const [path, node] of linksAfterFiles(tree)) {
    const sizeBytes = node.content === undefined ? 0 : sizeOf(node.content)
    yield tarHeader({ ...node, path, sizeBytes, mtimeSeconds: 0 })
    if (node.content === undefined) continue
    yield* reader.read(node.content)
    if (paddingOf(sizeBytes) > 0) yield Buffer.alloc(paddingOf(sizeBytes))
  }
  yield TAR_END
}

/** A hard link must come after what it links to. */
function linksAfterFiles(tree: FileTree): [string, TreeNode][] {
  const all = tree.entries()
  return [
    ...all.filter(([, node]) => node.type !== 'hardlink'),
    ...all.filter(([, node]) => node.type === 'hardlink'),
  ]
}

export function compressor(compression: Compression): Transform {
  if (compression === 'gzip') return zlib.createGzip({ level: 6 })
  const { ZSTD_c_compressionLevel, ZSTD_c_checksumFlag } = zlib.constants
  return zlib.createZstdCompress({ params: { [ZSTD_c_compressionLevel]: 3, [ZSTD_c_checksumFlag]: 1 } })
}

function counted() {
  const hash: Hash = createHash('sha256')
  let total = 0
  const stream = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk)
      total += chunk.length
      done(null, chunk)
    },
  })
  return { stream, digest: () => `sha256:${hash.digest('hex')}`, bytes: () => total }
}
