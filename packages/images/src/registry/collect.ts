// Blobs that no image needs any more are removed; so are images that lost their last tag long ago. What is young stays:
// a push puts blobs first and the manifest that needs them last.

import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf, hexOf } from '../oci/digest.ts'
import { namesIn, noneWhenMissing, statOrNone } from './files.ts'
import { parseReferences, type References } from './manifest.ts'
import { deleteManifest } from './manifests.ts'
import type { Storage } from './storage.ts'

export interface CollectOptions {
  nowMs: number
  /** Blobs younger than this stay. */
  blobGraceMs: number
  /** Images without a tag that are younger than this stay. */
  untaggedGraceMs: number
}

export const COLLECT_GRACE = { blobGraceMs: 60 * 60_000, untaggedGraceMs: 30 * 24 * 60 * 60_000 }

export interface Collected {
  manifests: number
  blobs: number
  bytes: number
}

const NONE: Partial<References> = {}

/** Safe while the registry serves. Throws when a manifest cannot be read: then nothing more is removed. */
export async function collect(storage: Storage, options: CollectOptions): Promise<Collected> {
  const repositories = await storage.repositories()
  let manifests = 0
  for (const repository of repositories) manifests += await removeUntagged(storage, repository, options)
  const needed = new Set<string>()
  for (const repository of repositories) {
    const own = await neededBlobs(storage, repository)
    for (const hex of own) needed.add(hex)
    for (const hex of await storage.links(repository, '_blobs')) {
      const at = own.has(hex) ? undefined : await storage.linkedAtMs(repository, '_blobs', hex)
      if (at !== undefined && options.nowMs - at > options.blobGraceMs)
        await storage.unlink(repository, '_blobs', hex)
      // A link that stays keeps its blob.
      else needed.add(hex)
    }
  }
  await removePartial(storage.root, options)
  return { manifests, ...(await removeBlobs(storage, needed, options)) }
}

/** What a power cut left of files that were not renamed yet. */
async function removePartial(root: string, { nowMs, blobGraceMs }: CollectOptions): Promise<void> {
  const all = await readdir(root, { recursive: true }).catch(noneWhenMissing)
  for (const name of all ?? []) {
    if (!name.endsWith('.partial')) continue
    const path = join(root, name)
    const found = await statOrNone(path)
    if (found !== undefined && nowMs - found.mtimeMs > blobGraceMs) await rm(path, { force: true })
  }
}

async function removeUntagged(
  storage: Storage,
  repository: string,
  { nowMs, untaggedGraceMs }: CollectOptions,
): Promise<number> {
  const kept = new Set<string>()
  for (const tag of await storage.links(repository, '_tags')) {
    const digest = await storage.tag(repository, tag)
    if (digest !== undefined) kept.add(hexOf(digest))
  }
  const all = await storage.links(repository, '_manifests')
  for (const hex of all) {
    const at = await storage.linkedAtMs(repository, '_manifests', hex)
    if (at === undefined || nowMs - at <= untaggedGraceMs) kept.add(hex)
  }
  const references = new Map<string, References | undefined>()
  for (const hex of all) references.set(hex, await referencesOf(storage, repository, hex))
  // Parts of what is kept, and what is about something that is kept.
  for (let before = -1; before !== kept.size; ) {
    before = kept.size
    for (const [hex, { manifests = [], subject } = NONE] of references) {
      if (kept.has(hex)) for (const digest of manifests) kept.add(hexOf(digest))
      if (subject !== undefined && kept.has(hexOf(subject))) kept.add(hex)
    }
  }
  const gone = all.filter((hex) => !kept.has(hex))
  for (const hex of gone) await deleteManifest(storage, repository, `sha256:${hex}`)
  return gone.length
}

async function neededBlobs(storage: Storage, repository: string): Promise<Set<string>> {
  const needed = new Set<string>()
  for (const hex of await storage.links(repository, '_manifests')) {
    needed.add(hex)
    const references = await referencesOf(storage, repository, hex)
    for (const digest of references?.blobs ?? []) needed.add(hexOf(digest))
  }
  return needed
}

async function referencesOf(
  storage: Storage,
  repository: string,
  hex: string,
): Promise<References | undefined> {
  const mediaType = await storage.linked(repository, '_manifests', hex)
  const bytes = await readFile(storage.blobPath(`sha256:${hex}`)).catch(noneWhenMissing)
  if (mediaType === undefined || bytes === undefined) return undefined
  // A damaged manifest refers to nothing that could be known.
  if (digestOf(bytes) !== `sha256:${hex}`) throw new Error(`the manifest ${hex} of ${repository} is damaged`)
  return parseReferences(bytes, mediaType)
}

async function removeBlobs(
  storage: Storage,
  needed: ReadonlySet<string>,
  { nowMs, blobGraceMs }: CollectOptions,
): Promise<Pick<Collected, 'blobs' | 'bytes'>> {
  let blobs = 0
  let bytes = 0
  for (const folder of await namesIn(storage.blobs)) {
    for (const hex of await namesIn(join(storage.blobs, folder))) {
      if (needed.has(hex)) continue
      const path = join(storage.blobs, folder, hex)
      // Looked at last of all: whoever began to rely on it meanwhile has made it young.
      const found = await statOrNone(path)
      if (found === undefined || nowMs - found.mtimeMs <= blobGraceMs) continue
      await rm(path, { force: true })
      blobs++
      bytes += found.size
    }
  }
  return { blobs, bytes }
}
