// A bundle into a registry: what is missing there, blobs first, the name last.

import { sizeOf } from '../build/content.ts'
import type { Bundle } from '../oci/bundle.ts'
import type { RegistryClient } from './registry-client.ts'

export interface PushOptions {
  repository: string
  tags: readonly string[]
  onProgress(line: string): void
}

export async function pushBundle(
  client: RegistryClient,
  { root, manifests, blobs }: Bundle,
  { repository, tags, onProgress }: PushOptions,
): Promise<void> {
  for (const [digest, content] of blobs) {
    if (await client.hasBlob(repository, digest)) continue
    const total = sizeOf(content)
    let shown = 0
    await client.pushBlob(repository, {
      digest,
      content,
      onBytes(bytes) {
        const percent = Math.floor((100 * bytes) / total)
        if (percent < shown + 10 && bytes < total) return
        shown = percent
        onProgress(
          `pushing ${digest.slice(7, 19)}: ${(bytes / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB`,
        )
      },
    })
  }
  for (const { descriptor, bytes } of manifests) {
    const manifest = { mediaType: descriptor.mediaType, bytes }
    const references = descriptor.digest === root.digest && tags.length > 0 ? tags : [descriptor.digest]
    for (const reference of references) await client.putManifest(repository, reference, manifest)
  }
}
