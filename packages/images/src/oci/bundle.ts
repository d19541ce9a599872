// One or more images for one name, ready to be pushed or written out: manifests in the order in which a registry takes
// them, and every blob that they need.

import type { Content } from '../build/content.ts'
import type { Image } from './image.ts'
import type { Descriptor } from './types.ts'

export interface Bundle {
  /** What the name stands for: an image, or an index of several. The last of `manifests`. */
  root: Descriptor
  /** Those that others refer to come first. */
  manifests: readonly BundleManifest[]
  /** Configs and layers, by digest. */
  blobs: ReadonlyMap<string, Content>
}

export interface BundleManifest {
  descriptor: Descriptor
  bytes: Buffer
}

export function bundleOf({ descriptor, blobs }: Image): Bundle {
  const bytes = blobs.get(descriptor.digest) as Buffer
  const rest = new Map([...blobs].filter(([digest]) => digest !== descriptor.digest))
  return { root: descriptor, manifests: [{ descriptor, bytes }], blobs: rest }
}
