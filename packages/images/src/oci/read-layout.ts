// An OCI layout: index.json names manifests, these name configs and layers, all by digest.

import { createHash } from 'node:crypto'
import { type Content, read, sizeOf } from '../build/content.ts'
import { ImageError } from '../image-error.ts'
import { blobPath } from './archive.ts'
import type { ArchiveFiles } from './archive-files.ts'
import type { Bundle, BundleManifest } from './bundle.ts'
import { checkLayer } from './check-layer.ts'
import { digestOf } from './digest.ts'
import { parseConfig, parseIndex, parseManifest } from './json.ts'
import type { ArchivedImage, ReadOptions } from './read-archive.ts'
import { type Descriptor, MEDIA_TYPES } from './types.ts'

const MAX_DEPTH = 4
const INDEXES = new Set<string>([MEDIA_TYPES.index, MEDIA_TYPES.dockerIndex])
const MANIFESTS = new Set<string>([MEDIA_TYPES.manifest, MEDIA_TYPES.dockerManifest])

export async function readLayout(files: ArchiveFiles, options: ReadOptions): Promise<ArchivedImage[]> {
  const index = parseIndex(await files.bytes('index.json'), 'index.json')
  const images = new Map<string, ArchivedImage>()
  for (const entry of index.manifests) {
    const known = images.get(entry.digest)
    const names = namesOf(entry)
    if (known !== undefined) known.names.push(...names)
    else images.set(entry.digest, { names, bundle: await bundleAt(files, entry, options) })
  }
  return [...images.values()]
}

function namesOf({ annotations = {} }: Descriptor): string[] {
  const name = annotations['io.containerd.image.name'] ?? annotations['org.opencontainers.image.ref.name']
  return typeof name === 'string' && name !== '' ? [name] : []
}

async function bundleAt(files: ArchiveFiles, root: Descriptor, options: ReadOptions): Promise<Bundle> {
  const manifests: BundleManifest[] = []
  const blobs = new Map<string, Content>()
  const visit = async (descriptor: Descriptor, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH)
      throw new ImageError(`indexes in the archive are nested more than ${MAX_DEPTH} deep`)
    if (manifests.some((one) => one.descriptor.digest === descriptor.digest)) return
    const bytes = await verified(files, descriptor)
    if (INDEXES.has(descriptor.mediaType)) {
      for (const child of parseIndex(bytes, descriptor.digest).manifests) {
        // Layouts of one platform often keep the whole index: what is not here is somewhere else.
        if (files.has(blobPath(child.digest))) await visit(child, depth + 1)
      }
    } else if (MANIFESTS.has(descriptor.mediaType))
      await addImage(files, { bytes, descriptor, blobs, options })
    else throw new ImageError(`the archive holds a ${descriptor.mediaType}, which is no image`)
    manifests.push({ descriptor, bytes })
  }
  await visit(root, 0)
  return complete({ root, manifests, blobs })
}

/** Without the images of an index that are not there: a registry takes no index with holes. */
function complete({ root, manifests, blobs }: Bundle): Bundle {
  if (!INDEXES.has(root.mediaType)) return { root, manifests, blobs }
  const present = new Set(manifests.map(({ descriptor }) => descriptor.digest))
  const index = parseIndex(manifests.at(-1)!.bytes, 'the index')
  const there = index.manifests.filter(({ digest }) => present.has(digest))
  if (there.length === index.manifests.length) return { root, manifests, blobs }
  const only = manifests.find(({ descriptor }) => descriptor.digest === there[0]?.digest)
  if (only === undefined) throw new ImageError('the archive holds an index, but none of its images')
  if (there.length === 1) return { root: there[0]!, manifests: manifests.slice(0, -1), blobs }
  const bytes = Buffer.from(JSON.stringify({ ...index, manifests: there }))
  const descriptor = { ...root, digest: digestOf(bytes), size: bytes.length }
  return { root: descriptor, manifests: [...manifests.slice(0, -1), { descriptor, bytes }], blobs }
}

async function addImage(
  files: ArchiveFiles,
  of: { bytes: Buffer; descriptor: Descriptor; blobs: Map<string, Content>; options: ReadOptions },
): Promise<void> {
  const manifest = parseManifest(of.bytes, of.descriptor.digest)
  const configBytes = await verified(files, manifest.config)
  of.blobs.set(manifest.config.digest, files.get(blobPath(manifest.config.digest)))
  const isImage =
    manifest.config.mediaType === MEDIA_TYPES.config || manifest.config.mediaType === MEDIA_TYPES.dockerConfig
  if (!isImage) throw new ImageError(`the archive holds a ${manifest.config.mediaType}, which is no image`)
  const { diff_ids: diffIds } = parseConfig(configBytes, 'the image config').rootfs
  if (diffIds.length !== manifest.layers.length) {
    throw new ImageError(
      `the image has ${manifest.layers.length} layers, and its config names ${diffIds.length}`,
    )
  }
  for (const [i, layer] of manifest.layers.entries()) {
    const content = files.get(blobPath(layer.digest))
    of.options.onProgress(`checking layer ${i + 1} of ${diffIds.length}, ${(layer.size / 1e6).toFixed(1)} MB`)
    checkSize(layer, content)
    of.blobs.set(layer.digest, content)
    if (!/\btar\b/.test(layer.mediaType)) {
      // Papers that come with an image (provenance, contents): nothing that is unpacked.
      if ((await digestOfContent(content)) !== layer.digest) throw damaged(layer)
      continue
    }
    const found = await checkLayer(content)
    if (found.digest !== layer.digest) throw damaged(layer)
    if (found.diffId !== diffIds[i]) {
      throw new ImageError(
        `layer ${i + 1} has the content ${found.diffId}, and the config says ${diffIds[i]}`,
      )
    }
    for (const path of found.setuid) of.options.onProgress(`  runs with its owner's rights: ${path}`)
  }
}

async function digestOfContent(content: Content): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of read(content)) hash.update(piece)
  return `sha256:${hash.digest('hex')}`
}

/** A small document, whose bytes are what the digest says. */
async function verified(files: ArchiveFiles, descriptor: Descriptor): Promise<Buffer> {
  const path = blobPath(descriptor.digest)
  checkSize(descriptor, files.get(path))
  const bytes = await files.bytes(path)
  if (digestOf(bytes) !== descriptor.digest) throw damaged(descriptor)
  return bytes
}

function checkSize({ digest, size }: Descriptor, content: Content): void {
  if (sizeOf(content) === size) return
  throw new ImageError(`${digest} has ${sizeOf(content)} bytes, and the archive says ${size}`)
}

const damaged = ({ digest }: Descriptor) =>
  new ImageError(`the archive is damaged: the content of ${digest} is another`)
