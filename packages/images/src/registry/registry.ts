// The built-in registry: the OCI distribution specification over a directory.

import { type BlobParts, blob, startUpload, unsupported, upload } from './blobs.ts'
import { COLLECT_GRACE, type Collected, collect } from './collect.ts'
import { errorAnswer, RegistryError } from './errors.ts'
import { MAX_MANIFEST_BYTES } from './manifest.ts'
import { deleteManifest, getManifest, putManifest, referrersOf } from './manifests.ts'
import { checkedDigest } from './names.ts'
import { page } from './page.ts'
import { parseRoute, type Route } from './route.ts'
import { Storage } from './storage.ts'
import type { RegistryRequest, RegistryResponse } from './types.ts'
import { Uploads } from './uploads.ts'

export interface Registry {
  /** Rejects only for faults of the disk or of this program. */
  handle(request: RegistryRequest): Promise<RegistryResponse>
  /** Removes what no image needs; one run at a time, others join it. */
  collect(nowMs?: number): Promise<Collected>
}

/** Over what is kept in the directory `root`, which is made when something is pushed. */
export function createRegistry(root: string): Registry {
  const storage = new Storage(root)
  const parts = { storage, uploads: new Uploads(storage) }
  let collecting: Promise<Collected> | undefined
  return {
    async handle(request) {
      try {
        return await answer(parts, request, parseRoute(request.path))
      } catch (error) {
        if (error instanceof RegistryError) return errorAnswer(error)
        const { code } = error as NodeJS.ErrnoException
        if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error
        return errorAnswer(new RegistryError('UNAVAILABLE', 'the disk of the registry is full'))
      }
    },
    collect(nowMs = Date.now()) {
      collecting ??= run(parts, nowMs).finally(() => {
        collecting = undefined
      })
      return collecting
    },
  }
}

async function run({ storage, uploads }: BlobParts, nowMs: number): Promise<Collected> {
  await uploads.removeAbandoned(nowMs)
  return collect(storage, { nowMs, ...COLLECT_GRACE })
}

function answer(
  parts: BlobParts,
  request: RegistryRequest,
  route: Route,
): RegistryResponse | Promise<RegistryResponse> {
  switch (route.type) {
    case 'base':
      return json({})
    case 'catalog':
      return catalog(parts, request)
    case 'tags':
      return tags(parts, request, route.repository)
    case 'manifest':
      return manifest(parts, request, route)
    case 'referrers':
      return referrers(parts, request, route)
    case 'blob':
      return blob(parts, request, route)
    case 'upload-start':
      return startUpload(parts, request, route.repository)
    case 'upload':
      return upload(parts, request, route)
  }
}

async function catalog({ storage }: BlobParts, request: RegistryRequest): Promise<RegistryResponse> {
  readOnly(request)
  const { names, headers } = page(await storage.repositories(), request)
  return json({ repositories: names }, headers)
}

async function tags(
  { storage }: BlobParts,
  request: RegistryRequest,
  repository: string,
): Promise<RegistryResponse> {
  readOnly(request)
  if (!(await storage.exists(repository))) {
    throw new RegistryError('NAME_UNKNOWN', `there is no repository ${repository}`)
  }
  const { names, headers } = page(await storage.links(repository, '_tags'), request)
  return json({ name: repository, tags: names }, headers)
}

async function manifest(
  { storage }: BlobParts,
  request: RegistryRequest,
  { repository, reference }: { repository: string; reference: string },
): Promise<RegistryResponse> {
  if (request.method === 'PUT') return put(storage, request, { repository, reference })
  if (request.method === 'DELETE') {
    await deleteManifest(storage, repository, reference)
    return { status: 202, headers: {} }
  }
  readOnly(request)
  const { digest, mediaType, bytes } = await getManifest(storage, repository, reference)
  const headers = {
    'content-type': mediaType,
    'content-length': String(bytes.length),
    'docker-content-digest': digest,
    etag: `"${digest}"`,
  }
  return { status: 200, headers, body: bytes }
}

async function put(
  storage: Storage,
  request: RegistryRequest,
  { repository, reference }: { repository: string; reference: string },
): Promise<RegistryResponse> {
  const bytes = await readBounded(request.body())
  const contentType = request.headers['content-type'] ?? ''
  const { digest, subject } = await putManifest(storage, repository, { reference, bytes, contentType })
  return {
    status: 201,
    headers: {
      location: `/v2/${repository}/manifests/${digest}`,
      'docker-content-digest': digest,
      'content-length': '0',
      ...(subject === undefined ? {} : { 'oci-subject': subject }),
    },
  }
}

async function referrers(
  { storage }: BlobParts,
  request: RegistryRequest,
  { repository, digest }: { repository: string; digest: string },
): Promise<RegistryResponse> {
  readOnly(request)
  const type = request.query.get('artifactType')
  const all = await referrersOf(storage, repository, checkedDigest(digest))
  const manifests = all.filter(
    (one) => type === null || (one as { artifactType?: string }).artifactType === type,
  )
  return json(
    { schemaVersion: 2, mediaType: INDEX, manifests },
    { 'content-type': INDEX, ...(type === null ? {} : { 'oci-filters-applied': 'artifactType' }) },
  )
}

const INDEX = 'application/vnd.oci.image.index.v1+json'

async function readBounded(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > MAX_MANIFEST_BYTES) {
      throw new RegistryError('SIZE_INVALID', `a manifest may have ${MAX_MANIFEST_BYTES} bytes`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function readOnly(request: RegistryRequest): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw unsupported(request)
}

function json(value: object, headers: Record<string, string> = {}): RegistryResponse {
  return {
    status: 200,
    headers: {
      'content-type': 'application/json',
      'docker-distribution-api-version': 'registry/2.0',
      ...headers,
    },
    body: JSON.stringify(value),
  }
}
