// What `docker save` writes: manifest.json names a config and the layers' tars, without digests. It becomes an OCI
// image with the same config and compressed layers.

import { createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Content, read } from '../build/content.ts'
import { compressor } from '../build/layer.ts'
import { ImageError } from '../image-error.ts'
import { safePath } from '../tar/path.ts'
import type { ArchiveFiles } from './archive-files.ts'
import type { Bundle } from './bundle.ts'
import { type CheckedLayer, checkLayer } from './check-layer.ts'
import { digestOf } from './digest.ts'
import { isObject, parseConfig } from './json.ts'
import type { ArchivedImage, ReadOptions } from './read-archive.ts'
import { type Descriptor, type Manifest, MEDIA_TYPES } from './types.ts'

const MAX_IMAGES = 100

export async function readDockerArchive(files: ArchiveFiles, options: ReadOptions): Promise<ArchivedImage[]> {
  const list = parseList(await files.bytes('manifest.json'))
  const images: ArchivedImage[] = []
  for (const entry of list) {
    const { Config: config, RepoTags: tags, Layers: layers } = entry
    if (
      typeof config !== 'string' ||
      !isTexts(layers) ||
      !(tags === null || tags === undefined || isTexts(tags))
    ) {
      throw new ImageError('manifest.json of the archive is not as docker writes it')
    }
    const bundle = await imageOf(files, { config: safePath(config), layers: layers.map(safePath), options })
    images.push({ names: [...(tags ?? [])], bundle })
  }
  return images
}

function parseList(bytes: Buffer): Record<string, unknown>[] {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString())
  } catch (cause) {
    throw new ImageError('manifest.json of the archive is not JSON', { cause })
  }
  if (Array.isArray(value) && value.length <= MAX_IMAGES && value.every(isObject)) return value
  throw new ImageError('manifest.json of the archive is not as docker writes it')
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string')

async function imageOf(
  files: ArchiveFiles,
  of: { config: string; layers: string[]; options: ReadOptions },
): Promise<Bundle> {
  const configBytes = await files.bytes(of.config)
  const { architecture, os, rootfs } = parseConfig(configBytes, 'the image config')
  if (rootfs.diff_ids.length !== of.layers.length) {
    throw new ImageError(
      `the image has ${of.layers.length} layers, and its config names ${rootfs.diff_ids.length}`,
    )
  }
  const blobs = new Map<string, Content>()
  const config = add(blobs, MEDIA_TYPES.config, configBytes)
  const layers: Descriptor[] = []
  for (const [i, path] of of.layers.entries()) {
    of.options.onProgress(`checking layer ${i + 1} of ${of.layers.length}`)
    const { descriptor, content, checked } = await layerOf(files.get(path), of.options)
    if (checked.diffId !== rootfs.diff_ids[i]) {
      throw new ImageError(
        `layer ${i + 1} has the content ${checked.diffId}, and the config says ${rootfs.diff_ids[i]}`,
      )
    }
    for (const name of checked.setuid) of.options.onProgress(`  runs with its owner's rights: ${name}`)
    blobs.set(descriptor.digest, content)
    layers.push(descriptor)
  }
  const manifest: Manifest = { schemaVersion: 2, mediaType: MEDIA_TYPES.manifest, config, layers }
  const bytes = Buffer.from(JSON.stringify(manifest))
  const root = {
    mediaType: MEDIA_TYPES.manifest,
    digest: digestOf(bytes),
    size: bytes.length,
    platform: { architecture, os },
  }
  return { root, manifests: [{ descriptor: root, bytes }], blobs }
}

interface FoundLayer {
  descriptor: Descriptor
  content: Content
  checked: CheckedLayer
}

async function layerOf(content: Content, options: ReadOptions): Promise<FoundLayer> {
  const checked = await checkLayer(content)
  if (checked.packed !== 'no') return { checked, content, descriptor: describe(checked) }
  const file = join(options.workDir, `${checked.digest.slice('sha256:'.length)}.zst`)
  await pipeline(Readable.from(read(content)), compressor('zstd'), createWriteStream(file))
  const packed = { file, offset: 0, sizeBytes: (await stat(file)).size }
  return { checked, content: packed, descriptor: describe(await checkLayer(packed)) }
}

function describe({ digest, sizeBytes, packed }: CheckedLayer): Descriptor {
  const mediaType = packed === 'zstd' ? MEDIA_TYPES.layerZstd : MEDIA_TYPES.layerGzip
  return { mediaType, digest, size: sizeBytes }
}

function add(blobs: Map<string, Content>, mediaType: string, bytes: Buffer): Descriptor {
  const digest = digestOf(bytes)
  blobs.set(digest, bytes)
  return { mediaType, digest, size: bytes.length }
}
