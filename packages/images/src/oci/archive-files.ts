// An archive of images as files by name: where each is in it, nothing of it in memory.

import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Content, readWhole, sizeOf } from '../build/content.ts'
import { ImageError } from '../image-error.ts'
import { linkEscapes, shown } from '../tar/path.ts'
import { readTar } from '../tar/read.ts'
import { fileSource } from '../tar/source.ts'
import { packing, unpackerOf } from './check-layer.ts'

const MAX_ENTRIES = 100_000
const MAX_ARCHIVE_BYTES = 128 * 1024 ** 3
const MAX_JSON_BYTES = 8 * 1024 * 1024
const MAX_LINKS = 8

export class ArchiveFiles {
  readonly #files: ReadonlyMap<string, Content>
  readonly #links: ReadonlyMap<string, string>

  constructor(files: ReadonlyMap<string, Content>, links: ReadonlyMap<string, string>) {
    this.#files = files
    this.#links = links
  }

  has(path: string): boolean {
    return this.#find(path) !== undefined
  }

  /** Throws ImageError naming a file that is not there. */
  get(path: string): Content {
    const found = this.#find(path)
    if (found === undefined) throw new ImageError(`the archive has no ${shown(path)}`)
    return found
  }

  async bytes(path: string): Promise<Buffer> {
    const content = this.get(path)
    if (sizeOf(content) > MAX_JSON_BYTES) {
      throw new ImageError(`${shown(path)} in the archive has more than ${MAX_JSON_BYTES} bytes`)
    }
    return readWhole(content)
  }

  /** Older `docker save` links equal layers to each other. */
  #find(path: string): Content | undefined {
    let at = path
    for (let i = 0; i < MAX_LINKS; i++) {
      const found = this.#files.get(at)
      if (found !== undefined) return found
      const target = this.#links.get(at)
      if (target === undefined || target.startsWith('/') || linkEscapes(at, target)) return undefined
      at = join(at, '..', target)
    }
    return undefined
  }
}

/** `workDir` takes the unpacked archive when it is packed. Throws ImageError for what is no archive. */
export async function openArchive(path: string, workDir: string): Promise<ArchiveFiles> {
  const plain = await unpacked(path, workDir)
  await using file = await open(plain, 'r')
  const { size } = await file.stat()
  const files = new Map<string, Content>()
  const links = new Map<string, string>()
  const source = fileSource(file, { start: 0, sizeBytes: size })
  for await (const entry of readTar(source, { entries: MAX_ENTRIES, contentBytes: MAX_ARCHIVE_BYTES })) {
    const { path: name, type, linkPath, contentOffset, sizeBytes } = entry
    if (type === 'file') files.set(name, { file: plain, offset: contentOffset, sizeBytes })
    else if (type === 'symlink') links.set(name, linkPath)
    else if (type === 'hardlink')
      links.set(
        name,
        join(
          ...name
            .split('/')
            .slice(1)
            .map(() => '..'),
          linkPath,
        ),
      )
    else if (type !== 'directory') throw new ImageError(`the archive holds a ${type}: ${shown(name)}`)
  }
  return new ArchiveFiles(files, links)
}

async function unpacked(path: string, workDir: string): Promise<string> {
  await using file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw new ImageError(
      `cannot read ${path}: ${cause.code === 'ENOENT' ? 'it does not exist' : cause.code}`,
      {
        cause,
      },
    )
  })
  if ((await file.stat()).isDirectory()) throw new ImageError(`${path} is a directory, not an archive`)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0)
  const packed = packing(buffer.subarray(0, bytesRead))
  if (packed === 'no') return path
  const target = join(workDir, 'archive.tar')
  let bytes = 0
  const bounded = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      bytes += chunk.length
      if (bytes > MAX_ARCHIVE_BYTES)
        throw new ImageError(`the archive has more than ${MAX_ARCHIVE_BYTES} bytes`)
      yield chunk
    }
  }
  try {
    await pipeline(createReadStream(path), unpackerOf(packed), bounded, createWriteStream(target))
  } catch (cause) {
    if (cause instanceof ImageError || (cause as NodeJS.ErrnoException).syscall !== undefined) throw cause
    throw new ImageError(`${path} cannot be unpacked: its ${packed} data is damaged`, { cause })
  }
  return target
}
