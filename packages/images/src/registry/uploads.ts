// Blobs on their way in: written as they come, hashed as they come, and taken in only when the digest is the promised
// one. An upload survives a restart of the server: its hash is then computed again from what is there.

import { createHash, type Hash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { RegistryError } from './errors.ts'
import { namesIn, statOrNone } from './files.ts'
import type { Storage } from './storage.ts'

const MAX_UPLOADS = 256
const MAX_BLOB_BYTES = 64 * 1024 ** 3
const ABANDONED_MS = 24 * 60 * 60_000
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

interface Upload {
  repository: string
  bytes: number
  hash: Hash
  busy: boolean
}

export class Uploads {
  readonly #storage: Storage
  readonly #open = new Map<string, Upload>()

  constructor(storage: Storage) {
    this.#storage = storage
  }

  /** The id of a new one. */
  async start(repository: string): Promise<string> {
    if (this.#open.size >= MAX_UPLOADS) await this.removeAbandoned()
    if (this.#open.size >= MAX_UPLOADS) {
      throw new RegistryError('TOOMANYREQUESTS', `${MAX_UPLOADS} uploads are open; try again later`)
    }
    const id = randomUUID()
    await mkdir(this.#storage.uploads, { recursive: true, mode: 0o700 })
    await writeFile(this.#path(id), '', { flag: 'wx', mode: 0o600 })
    await writeFile(`${this.#path(id)}.repository`, repository, { mode: 0o600 })
    this.#open.set(id, { repository, bytes: 0, hash: createHash('sha256'), busy: false })
    return id
  }

  /** How many bytes it has. */
  async size(repository: string, id: string): Promise<number> {
    return (await this.#find(repository, id)).bytes
  }

  /** `start`: where the client believes to be. What arrived before a body was cut off is kept. */
  async append(
    repository: string,
    id: string,
    { body, start }: { body: AsyncIterable<Buffer>; start?: number | undefined },
  ): Promise<number> {
    return this.#alone(repository, id, async (upload) => {
      if (start !== undefined && start !== upload.bytes) {
        throw new RegistryError(
          'RANGE_INVALID',
          `the upload has ${upload.bytes} bytes; the next one is expected`,
        )
      }
      await using file = await open(this.#path(id), 'a')
      for await (const chunk of body) await write(file, upload, chunk)
      return upload.bytes
    })
  }

  /** Appends the rest and takes the blob in. Throws DIGEST_INVALID, and forgets the upload, when it is another. */
  async finish(
    repository: string,
    id: string,
    { body, digest }: { body: AsyncIterable<Buffer>; digest: string },
  ): Promise<void> {
    await this.#alone(repository, id, async (upload) => {
      const path = this.#path(id)
      {
        await using file = await open(path, 'a')
        for await (const chunk of body) await write(file, upload, chunk)
        await file.sync()
      }
      const found = `sha256:${upload.hash.copy().digest('hex')}`
      if (found !== digest) {
        await this.#remove(id)
        throw new RegistryError('DIGEST_INVALID', `the content has the digest ${found}, not ${digest}`)
      }
      await this.#storage.adopt(path, digest)
      await this.#remove(id)
    })
  }

  async cancel(repository: string, id: string): Promise<void> {
    await this.#alone(repository, id, () => this.#remove(id))
  }

  /** Those that nobody added to for a day. */
  async removeAbandoned(now = Date.now()): Promise<void> {
    for (const name of await namesIn(this.#storage.uploads)) {
      const id = name.slice(0, 36)
      if (this.#open.get(id)?.busy) continue
      const found = await statOrNone(join(this.#storage.uploads, name))
      if (found !== undefined && now - found.mtimeMs > ABANDONED_MS) await this.#remove(id)
    }
  }

  async #alone<T>(repository: string, id: string, work: (upload: Upload) => Promise<T>): Promise<T> {
    const upload = await this.#find(repository, id)
    if (upload.busy)
      throw new RegistryError('BLOB_UPLOAD_INVALID', 'another request is writing to this upload')
    upload.busy = true
    try {
      return await work(upload)
    } catch (error) {
      // A full disk takes a part of a piece: what there is, is found out again from the file.
      if ((error as NodeJS.ErrnoException).syscall !== undefined) this.#open.delete(id)
      throw error
    } finally {
      upload.busy = false
    }
  }

  async #find(repository: string, id: string): Promise<Upload> {
    const upload = this.#open.get(id) ?? (await this.#reopen(id))
    if (upload?.repository !== repository) {
      throw new RegistryError(
        'BLOB_UPLOAD_UNKNOWN',
        'there is no such upload; it may have been abandoned for a day',
      )
    }
    return upload
  }

  async #reopen(id: string): Promise<Upload | undefined> {
    if (!ID.test(id)) return undefined
    const path = this.#path(id)
    const found = await statOrNone(path)
    if (found === undefined) return undefined
    const repository = await readFile(`${path}.repository`, 'utf8').catch(() => '')
    const hash = createHash('sha256')
    await pipeline(createReadStream(path), async (chunks) => {
      for await (const chunk of chunks) hash.update(chunk as Buffer)
    })
    const upload = { repository, bytes: found.size, hash, busy: false }
    // Another request may have been quicker.
    const before = this.#open.get(id)
    if (before !== undefined) return before
    this.#open.set(id, upload)
    return upload
  }

  async #remove(id: string): Promise<void> {
    this.#open.delete(id)
    await rm(this.#path(id), { force: true })
    await rm(`${this.#path(id)}.repository`, { force: true })
  }

  #path(id: string): string {
    return join(this.#storage.uploads, id)
  }
}

async function write(file: FileHandle, upload: Upload, chunk: Buffer): Promise<void> {
  if (upload.bytes + chunk.length > MAX_BLOB_BYTES) {
    throw new RegistryError('SIZE_INVALID', `a blob may have ${MAX_BLOB_BYTES} bytes`)
  }
  await file.writeFile(chunk)
  upload.hash.update(chunk)
  upload.bytes += chunk.length
}
