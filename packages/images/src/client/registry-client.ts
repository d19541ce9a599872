// A client of the OCI distribution specification, as far as Brume's commands need one.

import { createHash } from 'node:crypto'
import { type Content, read, sizeOf } from '../build/content.ts'
import { ImageError } from '../image-error.ts'
import { digestOf } from '../oci/digest.ts'
import { MEDIA_TYPES } from '../oci/types.ts'
import type { RegistryTransport, TransportAnswer } from './transport.ts'

/** Of one request: what a slow line takes within the answer's time limit, and what memory is spent on. */
const CHUNK_BYTES = 4 * 1024 * 1024
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024
const MAX_PAGES = 1_000
const MANIFEST_TYPES = [
  MEDIA_TYPES.index,
  MEDIA_TYPES.manifest,
  MEDIA_TYPES.dockerIndex,
  MEDIA_TYPES.dockerManifest,
].join(', ')

export interface RemoteManifest {
  digest: string
  mediaType: string
  bytes: Buffer
}

/** A registry's refusal. */
export class RegistryRefusal extends ImageError {
  override name = 'RegistryRefusal'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export class RegistryClient {
  readonly #transport: RegistryTransport

  constructor(transport: RegistryTransport) {
    this.#transport = transport
  }

  /** Throws RegistryRefusal when there is no registry, or it does not let us in. */
  async ping(): Promise<void> {
    await this.#call('GET', '/v2/', { expected: [200] })
  }

  async repositories(): Promise<string[]> {
    return this.#pages('/v2/_catalog', 'repositories')
  }

  async tags(repository: string): Promise<string[]> {
    return this.#pages(`/v2/${repository}/tags/list`, 'tags')
  }

  /** By tag or digest. Throws RegistryRefusal 404 when it is not there. */
  async manifest(repository: string, reference: string): Promise<RemoteManifest> {
    const path = `/v2/${repository}/manifests/${reference}`
    const answer = await this.#call('GET', path, { expected: [200], headers: { accept: MANIFEST_TYPES } })
    const bytes = await bounded(answer.body)
    const digest = digestOf(bytes)
    if (reference.includes(':') && digest !== reference) {
      throw new ImageError(`the registry sent another manifest than ${reference}`)
    }
    return { digest, mediaType: textOf(answer, 'content-type').split(';')[0]!.trim(), bytes }
  }

  async putManifest(
    repository: string,
    reference: string,
    manifest: { mediaType: string; bytes: Buffer },
  ): Promise<void> {
    await this.#call('PUT', `/v2/${repository}/manifests/${reference}`, {
      expected: [200, 201],
      headers: { 'content-type': manifest.mediaType },
      body: manifest.bytes,
    })
  }

  async deleteManifest(repository: string, reference: string): Promise<void> {
    await this.#call('DELETE', `/v2/${repository}/manifests/${reference}`, { expected: [200, 202] })
  }

  async hasBlob(repository: string, digest: string): Promise<boolean> {
    const { status } = await this.#call('HEAD', `/v2/${repository}/blobs/${digest}`, { expected: [200, 404] })
    return status === 200
  }

  /** The content, verified: the last piece comes only when the digest is right. */
  async *blob(repository: string, digest: string, sizeBytes: number): AsyncGenerator<Buffer> {
    const answer = await this.#call('GET', `/v2/${repository}/blobs/${digest}`, { expected: [200] })
    const hash = createHash('sha256')
    let bytes = 0
    let last: Buffer | undefined
    for await (const chunk of answer.body) {
      bytes += chunk.length
      if (bytes > sizeBytes) break
      hash.update(chunk)
      if (last !== undefined) yield last
      last = chunk
    }
    if (bytes !== sizeBytes || `sha256:${hash.digest('hex')}` !== digest) {
      throw new ImageError(`the registry sent another content than ${digest}`)
    }
    if (last !== undefined) yield last
  }

  /** In pieces: a whole layer is never in memory. */
  async pushBlob(
    repository: string,
    { digest, content, onBytes }: { digest: string; content: Content; onBytes(total: number): void },
  ): Promise<void> {
    const start = await this.#call('POST', `/v2/${repository}/blobs/uploads/`, { expected: [202] })
    let location = locationOf(start)
    let sent = 0
    for await (const chunk of inChunks(read(content))) {
      const answer = await this.#call('PATCH', location.path, {
        query: location.query,
        expected: [202],
        headers: {
          'content-type': 'application/octet-stream',
          'content-range': `${sent}-${sent + chunk.length - 1}`,
          'content-length': String(chunk.length),
        },
        body: chunk,
      })
      location = locationOf(answer)
      sent += chunk.length
      onBytes(sent)
    }
    if (sent !== sizeOf(content)) throw new ImageError(`${digest} has ${sent} bytes, not ${sizeOf(content)}`)
    await this.#call('PUT', location.path, {
      query: { ...location.query, digest },
      expected: [201],
      headers: { 'content-length': '0' },
    })
  }

  async #pages(path: string, field: 'repositories' | 'tags'): Promise<string[]> {
    const found: string[] = []
    let query: Record<string, string> = {}
    for (let i = 0; i < MAX_PAGES; i++) {
      const answer = await this.#call('GET', path, { query, expected: [200] })
      const page = (JSON.parse((await answer.buffer()).toString()) as Record<string, unknown>)[field]
      if (Array.isArray(page)) found.push(...page.filter((one) => typeof one === 'string'))
      const next = /<[^>?]*\?([^>]*)>/.exec(textOf(answer, 'link'))?.[1]
      if (next === undefined) return found
      query = Object.fromEntries(new URLSearchParams(next))
    }
    throw new ImageError(`${path} has more than ${MAX_PAGES} pages`)
  }

  async #call(
    method: string,
    path: string,
    {
      expected,
      ...rest
    }: { expected: readonly number[] } & Partial<Parameters<RegistryTransport['request']>[0]>,
  ): Promise<TransportAnswer> {
    const answer = await this.#transport.request({ method, path, ...rest })
    if (expected.includes(answer.status)) {
      if (method !== 'GET') await answer.buffer()
      return answer
    }
    throw await refusalOf(answer, `${method} ${path}`)
  }
}

async function refusalOf(answer: TransportAnswer, what: string): Promise<RegistryRefusal> {
  const text = (await bounded(answer.body)).toString()
  let message = `the registry answered ${what} with ${answer.status}`
  try {
    const { errors, message: status } = JSON.parse(text) as {
      errors?: { message?: string }[]
      message?: string
    }
    message = errors?.[0]?.message || status || message
  } catch {
    // Not JSON: the status alone must do.
  }
  return new RegistryRefusal(answer.status, message)
}

function textOf({ headers }: TransportAnswer, name: string): string {
  const value = headers[name]
  return (Array.isArray(value) ? value[0] : value) ?? ''
}

/** Relative or whole: only the path and the query count, the connection stays. */
function locationOf(answer: TransportAnswer): { path: string; query: Record<string, string> } {
  const url = new URL(textOf(answer, 'location'), 'https://registry')
  return { path: url.pathname, query: Object.fromEntries(url.searchParams) }
}

/** Of CHUNK_BYTES each but the last. */
async function* inChunks(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  let bytes = 0
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + CHUNK_BYTES - bytes)
      parts.push(part)
      at += part.length
      bytes += part.length
      if (bytes < CHUNK_BYTES) continue
      yield Buffer.concat(parts)
      parts = []
      bytes = 0
    }
  }
  if (bytes > 0) yield Buffer.concat(parts)
}

async function bounded(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > MAX_MANIFEST_BYTES) throw new ImageError('the registry sent a manifest without end')
    parts.push(chunk)
  }
  return Buffer.concat(parts)
}
