// An image as a whole: its manifest, and where the bytes of its parts are.

import { type Content, sizeOf } from '../build/content.ts'
import { digestOf } from './digest.ts'
import { type Descriptor, type ImageConfig, type Manifest, MEDIA_TYPES } from './types.ts'

export interface Image {
  manifest: Manifest
  /** Of the manifest, with its platform. */
  descriptor: Descriptor
  /** By digest: manifest, config and layers. */
  blobs: ReadonlyMap<string, Content>
}

export interface ImageLayer {
  mediaType: string
  digest: string
  /** Digest of the tar inside. */
  diffId: string
  content: Content
}

/** `config` without its rootfs, which the layers give. */
export function composeImage(config: Omit<ImageConfig, 'rootfs'>, layers: readonly ImageLayer[]): Image {
  const blobs = new Map<string, Content>()
  const add = (mediaType: string, bytes: Buffer): Descriptor => {
    const digest = digestOf(bytes)
    blobs.set(digest, bytes)
    return { mediaType, digest, size: bytes.length }
  }
  const whole: ImageConfig = {
    ...config,
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  }
  for (const { digest, content } of layers) blobs.set(digest, content)
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    config: add(MEDIA_TYPES.config, Buffer.from(JSON.stringify(whole))),
    layers: layers.map(({ mediaType, digest, content }) => ({ mediaType, digest, size: sizeOf(content) })),
  }
  const { architecture, os, variant } = config
  const descriptor = {
    ...add(MEDIA_TYPES.manifest, Buffer.from(JSON.stringify(manifest))),
    platform: { architecture, os, ...(variant === undefined ? {} : { variant }) },
  }
  return { manifest, descriptor, blobs }
}
