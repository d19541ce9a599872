// A whole image in memory as one archive: an OCI layout that `docker load` understands as well. For small images.

import { packTar } from '../tar/pack.ts'
import { digestOf, hexOf } from './digest.ts'
import { type Descriptor, type ImageConfig, type ImageIndex, type Manifest, MEDIA_TYPES } from './types.ts'

export interface MemoryLayer {
  mediaType: string
  /** As it is stored. */
  bytes: Buffer
  /** Digest of the tar inside. */
  diffId: string
}

export interface MemoryImage {
  manifest: Manifest
  descriptor: Descriptor
  /** By digest: manifest, config and layers. */
  blobs: Map<string, Buffer>
}

/** `config` without its rootfs, which the layers give. */
export function memoryImage(
  config: Omit<ImageConfig, 'rootfs'>,
  layers: readonly MemoryLayer[],
): MemoryImage {
  const blobs = new Map<string, Buffer>()
  const add = (mediaType: string, bytes: Buffer): Descriptor => {
    const digest = digestOf(bytes)
    blobs.set(digest, bytes)
    return { mediaType, digest, size: bytes.length }
  }
  const whole: ImageConfig = {
    ...config,
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  }
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    config: add(MEDIA_TYPES.config, Buffer.from(JSON.stringify(whole))),
    layers: layers.map(({ mediaType, bytes }) => add(mediaType, bytes)),
  }
  const { architecture, os } = config
  const descriptor = {
    ...add(MEDIA_TYPES.manifest, Buffer.from(JSON.stringify(manifest))),
    platform: { architecture, os },
  }
  return { manifest, descriptor, blobs }
}

/** `name`: with its registry and tag. */
export function imageArchive(name: string, { manifest, descriptor, blobs }: MemoryImage): Buffer {
  const files = [...blobs].map(([digest, content]) => ({ path: blobPath(digest), content }))
  return packTar([
    ...files.sort((a, b) => (a.path < b.path ? -1 : 1)),
    { path: 'index.json', content: JSON.stringify(namedIndex(name, descriptor)) },
    { path: 'manifest.json', content: JSON.stringify(dockerManifest(name, manifest)) },
    { path: 'oci-layout', content: JSON.stringify({ imageLayoutVersion: '1.0.0' }) },
  ])
}

export function blobPath(digest: string): string {
  return `blobs/sha256/${hexOf(digest)}`
}

/** containerd reads the whole name from an annotation of its own; others take the specification's. */
export function namedIndex(name: string, descriptor: Descriptor): ImageIndex {
  const annotations = {
    'io.containerd.image.name': name,
    'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
  }
  return {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.index,
    manifests: [{ ...descriptor, annotations }],
  }
}

/** What `docker load` reads. */
export function dockerManifest(name: string, { config, layers }: Manifest): object[] {
  return [
    {
      Config: blobPath(config.digest),
      RepoTags: [name],
      Layers: layers.map(({ digest }) => blobPath(digest)),
    },
  ]
}
