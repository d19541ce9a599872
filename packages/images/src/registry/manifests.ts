// Manifests of a repository: put, get, list and delete, by tag or by digest.

import { readFile } from 'node:fs/promises'
import { digestOf, hexOf, isDigest } from '../oci/digest.ts'
import type { Descriptor } from '../oci/types.ts'
import { RegistryError } from './errors.ts'
import { noneWhenMissing } from './files.ts'
import { parseReferences, type References } from './manifest.ts'
import { checkedDigest, checkedTag } from './names.ts'
import type { Storage } from './storage.ts'

export interface StoredManifest {
  digest: string
  mediaType: string
  bytes: Buffer
}

/** By tag or digest. Throws MANIFEST_UNKNOWN. */
export async function getManifest(
  storage: Storage,
  repository: string,
  reference: string,
): Promise<StoredManifest> {
  const digest = reference.includes(':')
    ? checkedDigest(reference)
    : await storage.tag(repository, checkedTag(reference))
  const mediaType = digest && (await storage.linked(repository, '_manifests', hexOf(digest)))
  if (!digest || mediaType === undefined) throw unknownManifest(repository, reference)
  const bytes = await readFile(storage.blobPath(digest)).catch(noneWhenMissing)
  if (bytes === undefined) throw unknownManifest(repository, reference)
  return { digest, mediaType: mediaType ?? '', bytes }
}

/** Everything it refers to must be in the repository. The result is its digest, and what it is about. */
export async function putManifest(
  storage: Storage,
  repository: string,
  { reference, bytes, contentType }: { reference: string; bytes: Buffer; contentType: string },
): Promise<{ digest: string; subject: string | undefined }> {
  const digest = digestOf(bytes)
  const isByDigest = reference.includes(':')
  if (isByDigest && checkedDigest(reference) !== digest) {
    throw new RegistryError('DIGEST_INVALID', `the manifest has the digest ${digest}, not ${reference}`)
  }
  const tag = isByDigest ? undefined : checkedTag(reference)
  const references = parseReferences(bytes, contentType)
  await checkReferences(storage, repository, references)
  await storage.addBlob(digest, bytes)
  await storage.link(repository, '_manifests', hexOf(digest), references.mediaType)
  if (references.subject !== undefined) await addReferrer(storage, repository, { digest, bytes, references })
  if (tag !== undefined) await storage.link(repository, '_tags', tag, digest)
  return { digest, subject: references.subject }
}

/** A tag alone, or a manifest with all its tags. */
export async function deleteManifest(storage: Storage, repository: string, reference: string): Promise<void> {
  if (!reference.includes(':')) {
    const tag = checkedTag(reference)
    if ((await storage.tag(repository, tag)) === undefined) throw unknownManifest(repository, reference)
    await storage.unlink(repository, '_tags', tag)
    return
  }
  const { digest, bytes, mediaType } = await getManifest(storage, repository, reference)
  for (const tag of await storage.links(repository, '_tags')) {
    if ((await storage.tag(repository, tag)) === digest) await storage.unlink(repository, '_tags', tag)
  }
  const { subject } = parseReferences(bytes, mediaType)
  if (subject !== undefined)
    await storage.unlink(repository, '_referrers', `${hexOf(subject)}/${hexOf(digest)}`)
  await storage.unlink(repository, '_manifests', hexOf(digest))
}

export async function referrersOf(
  storage: Storage,
  repository: string,
  digest: string,
): Promise<Descriptor[]> {
  const found: Descriptor[] = []
  for (const hex of await storage.links(repository, `_referrers/${hexOf(digest)}`)) {
    const text = await storage.linked(repository, '_referrers', `${hexOf(digest)}/${hex}`)
    if (text !== undefined) found.push(JSON.parse(text))
  }
  return found
}

async function addReferrer(
  storage: Storage,
  repository: string,
  { digest, bytes, references }: { digest: string; bytes: Buffer; references: References },
): Promise<void> {
  const { mediaType, artifactType, annotations, subject } = references
  const descriptor = {
    mediaType,
    digest,
    size: bytes.length,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  }
  const name = `${hexOf(subject!)}/${hexOf(digest)}`
  await storage.link(repository, '_referrers', name, JSON.stringify(descriptor))
}

async function checkReferences(storage: Storage, repository: string, references: References): Promise<void> {
  const check = async (kind: '_blobs' | '_manifests', digest: string) => {
    const isLinked = (await storage.linked(repository, kind, hexOf(digest))) !== undefined
    if (!isLinked || (await storage.blobSize(digest)) === undefined) {
      throw new RegistryError(
        'MANIFEST_BLOB_UNKNOWN',
        `the manifest refers to ${digest}, which was not pushed here`,
      )
    }
    await storage.touch(digest)
  }
  for (const digest of references.blobs) await check('_blobs', digest)
  for (const digest of references.manifests) await check('_manifests', digest)
}

function unknownManifest(repository: string, reference: string): RegistryError {
  const name = isDigest(reference) ? `${repository}@${reference}` : `${repository}:${reference}`
  return new RegistryError('MANIFEST_UNKNOWN', `there is no image ${name}`)
}
