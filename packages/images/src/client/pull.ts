// An image of a registry as a bundle: its documents are read, its layers stay where they are until someone wants them.

import type { Content } from '../build/content.ts'
import { ImageError } from '../image-error.ts'
import type { Bundle, BundleManifest } from '../oci/bundle.ts'
import { parseIndex, parseManifest } from '../oci/json.ts'
import { type Descriptor, MEDIA_TYPES } from '../oci/types.ts'
import type { RegistryClient } from './registry-client.ts'

const MAX_DEPTH = 4
const INDEXES = new Set<string>([MEDIA_TYPES.index, MEDIA_TYPES.dockerIndex])
const MANIFESTS = new Set<string>([MEDIA_TYPES.manifest, MEDIA_TYPES.dockerManifest])

/** Everything that the tag or digest stands for. */
export async function remoteBundle(
  client: RegistryClient,
  repository: string,
  reference: string,
): Promise<Bundle> {
  const manifests: BundleManifest[] = []
  const blobs = new Map<string, Content>()
  const visit = async (name: string, known: Descriptor | undefined, depth: number): Promise<Descriptor> => {
    if (depth > MAX_DEPTH)
      throw new ImageError(`indexes of ${repository} are nested more than ${MAX_DEPTH} deep`)
    const { digest, mediaType, bytes } = await client.manifest(repository, name)
    const descriptor = known ?? { mediaType, digest, size: bytes.length }
    if (INDEXES.has(mediaType)) {
      for (const child of parseIndex(bytes, digest).manifests) await visit(child.digest, child, depth + 1)
    } else if (MANIFESTS.has(mediaType)) {
      const { config, layers } = parseManifest(bytes, digest)
      for (const { digest: blob, size } of [config, ...layers]) {
        blobs.set(blob, { sizeBytes: size, open: () => client.blob(repository, blob, size) })
      }
    } else throw new ImageError(`${repository}:${name} is a ${mediaType}, which is no image`)
    if (!manifests.some((one) => one.descriptor.digest === digest)) manifests.push({ descriptor, bytes })
    return descriptor
  }
  return { root: await visit(reference, undefined, 0), manifests, blobs }
}
