// Requests about blobs: read them, whole or in part, and push them.

import { hexOf } from '../oci/digest.ts'
import { RegistryError } from './errors.ts'
import { checkedDigest, isRepository } from './names.ts'
import { parseRange } from './range.ts'
import type { Storage } from './storage.ts'
import type { RegistryRequest, RegistryResponse } from './types.ts'
import type { Uploads } from './uploads.ts'

export interface BlobParts {
  storage: Storage
  uploads: Uploads
}

export async function blob(
  { storage }: BlobParts,
  request: RegistryRequest,
  { repository, digest: text }: { repository: string; digest: string },
): Promise<RegistryResponse> {
  const digest = checkedDigest(text)
  const isLinked = (await storage.linked(repository, '_blobs', hexOf(digest))) !== undefined
  const size = isLinked ? await storage.blobSize(digest) : undefined
  if (size === undefined) throw new RegistryError('BLOB_UNKNOWN', `${repository} has no blob ${digest}`)
  if (request.method === 'DELETE') {
    await storage.unlink(repository, '_blobs', hexOf(digest))
    return { status: 202, headers: {} }
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') throw unsupported(request)
  // Who looks whether a blob is here is about to rely on it.
  if (request.method === 'HEAD') await storage.touch(digest, repository)
  const range = request.method === 'GET' ? parseRange(request.headers['range'], size) : undefined
  const { start, length } = range ?? { start: 0, length: size }
  return {
    status: range === undefined ? 200 : 206,
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(length),
      'docker-content-digest': digest,
      'accept-ranges': 'bytes',
      etag: `"${digest}"`,
      'cache-control': 'private, max-age=31536000, immutable',
      ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${start + length - 1}/${size}` }),
    },
    body: { path: storage.blobPath(digest), start, length },
  }
}

/** POST: mounts a blob of another repository, takes a whole one, or opens an upload. */
export async function startUpload(
  { storage, uploads }: BlobParts,
  request: RegistryRequest,
  repository: string,
): Promise<RegistryResponse> {
  if (request.method !== 'POST') throw unsupported(request)
  const { query } = request
  const mount = query.get('mount')
  if (mount !== null) {
    const digest = checkedDigest(mount)
    if (await canMount(storage, request, digest)) {
      await storage.touch(digest)
      await storage.link(repository, '_blobs', hexOf(digest))
      return created(repository, digest)
    }
  }
  const promised = query.get('digest')
  if (promised !== null) checkedDigest(promised)
  const id = await uploads.start(repository)
  if (promised !== null) return finish({ storage, uploads }, request, { repository, id })
  return accepted(repository, id, 0)
}

export async function upload(
  parts: BlobParts,
  request: RegistryRequest,
  at: { repository: string; id: string },
): Promise<RegistryResponse> {
  const { uploads } = parts
  const { repository, id } = at
  switch (request.method) {
    case 'GET':
      return { ...accepted(repository, id, await uploads.size(repository, id)), status: 204 }
    case 'PATCH': {
      const start = contentStart(request.headers['content-range'])
      return accepted(repository, id, await uploads.append(repository, id, { body: request.body(), start }))
    }
    case 'PUT':
      return finish(parts, request, at)
    case 'DELETE':
      await uploads.cancel(repository, id)
      return { status: 204, headers: {} }
    default:
      throw unsupported(request)
  }
}

async function finish(
  { storage, uploads }: BlobParts,
  request: RegistryRequest,
  { repository, id }: { repository: string; id: string },
): Promise<RegistryResponse> {
  const digest = checkedDigest(request.query.get('digest'))
  await uploads.finish(repository, id, { body: request.body(), digest })
  await storage.link(repository, '_blobs', hexOf(digest))
  return created(repository, digest)
}

/** From the repository that the client names, which it must be able to read. */
async function canMount(storage: Storage, request: RegistryRequest, digest: string): Promise<boolean> {
  const from = request.query.get('from')
  if (from === null || !isRepository(from) || !request.mayPull(from)) return false
  const isLinked = (await storage.linked(from, '_blobs', hexOf(digest))) !== undefined
  return isLinked && (await storage.blobSize(digest)) !== undefined
}

function created(repository: string, digest: string): RegistryResponse {
  return {
    status: 201,
    headers: {
      location: `/v2/${repository}/blobs/${digest}`,
      'docker-content-digest': digest,
      'content-length': '0',
    },
  }
}

function accepted(repository: string, id: string, bytes: number): RegistryResponse {
  return {
    status: 202,
    headers: {
      location: `/v2/${repository}/blobs/uploads/${id}`,
      'docker-upload-uuid': id,
      range: `0-${Math.max(0, bytes - 1)}`,
      'content-length': '0',
    },
  }
}

/** `0-99` or `bytes 0-99/100`: the first number. */
function contentStart(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const match = /^(?:bytes[ =])?(\d{1,15})-\d{1,15}(?:\/.*)?$/.exec(header)
  if (match === null) throw new RegistryError('RANGE_INVALID', 'the Content-Range is not START-END')
  return Number(match[1])
}

export function unsupported({ method, path }: Pick<RegistryRequest, 'method' | 'path'>): RegistryError {
  return new RegistryError('UNSUPPORTED', `${method.slice(0, 20)} is not supported on ${path.slice(0, 300)}`)
}
