// An image as one archive: an OCI layout; that of a single image is understood by `docker load` as well.

import { assert } from '@brume/base/assert'
import { type Content, ContentReader, sizeOf } from '../build/content.ts'
import { paddingOf, TAR_END, tarHeader } from '../tar/header.ts'
import { packTar, plainFile } from '../tar/pack.ts'
import { type Bundle, bundleOf } from './bundle.ts'
import { hexOf } from './digest.ts'
import type { Image } from './image.ts'
import { type Descriptor, type ImageIndex, type Manifest, MEDIA_TYPES } from './types.ts'

/** The archive in pieces. `names`: with their registry and tag. */
export async function* imageArchive(names: readonly string[], bundle: Bundle): AsyncGenerator<Buffer> {
  await using reader = new ContentReader()
  for (const [path, content] of archiveFiles(names, bundle)) {
    yield tarHeader(plainFile(path, sizeOf(content)))
    yield* reader.read(content)
    yield Buffer.alloc(paddingOf(sizeOf(content)))
  }
  yield TAR_END
}

/** The archive of an image that is in memory. */
export function smallArchive(names: readonly string[], image: Image): Buffer {
  const files = archiveFiles(names, bundleOf(image)).map(([path, content]) => {
    assert(Buffer.isBuffer(content), 'a small image is in memory')
    return { path, content }
  })
  return packTar(files)
}

export function blobPath(digest: string): string {
  return `blobs/sha256/${hexOf(digest)}`
}

function archiveFiles(names: readonly string[], { root, manifests, blobs }: Bundle): [string, Content][] {
  const files: [string, Content][] = [
    ...[...blobs].map(([digest, content]): [string, Content] => [blobPath(digest), content]),
    ...manifests.map(({ descriptor, bytes }): [string, Content] => [blobPath(descriptor.digest), bytes]),
  ]
  const only = manifests.length === 1 ? [dockerFile(names, manifests[0]!.bytes)] : []
  return [
    ...files.sort(([a], [b]) => (a < b ? -1 : 1)),
    ['index.json', json(namedIndex(names, root))],
    ...only,
    ['oci-layout', json({ imageLayoutVersion: '1.0.0' })],
  ]
}

function dockerFile(names: readonly string[], manifest: Buffer): [string, Content] {
  return ['manifest.json', json(dockerManifest(names, JSON.parse(manifest.toString())))]
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value))

/** containerd reads the whole name from an annotation of its own; others take the specification's. */
function namedIndex(names: readonly string[], descriptor: Descriptor): ImageIndex {
  const manifests = names.map((name) => ({
    ...descriptor,
    annotations: {
      'io.containerd.image.name': name,
      'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
    },
  }))
  return { schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests }
}

/** What `docker load` reads. */
function dockerManifest(names: readonly string[], { config, layers }: Manifest): object[] {
  const paths = layers.map(({ digest }) => blobPath(digest))
  return [{ Config: blobPath(config.digest), RepoTags: names, Layers: paths }]
}
