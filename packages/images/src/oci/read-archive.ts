// Images in an archive that comes from anywhere: an OCI layout, or what `docker save` writes. Nothing is believed that
// was not checked: digests, sizes, and what is in the layers.

import { ImageError } from '../image-error.ts'
import { type ArchiveFiles, openArchive } from './archive-files.ts'
import type { Bundle } from './bundle.ts'
import { readDockerArchive } from './read-docker.ts'
import { readLayout } from './read-layout.ts'

export interface ArchivedImage {
  /** As the archive names it, whole or a tag alone; none: it has no name. */
  names: string[]
  bundle: Bundle
}

export interface ReadOptions {
  /** Takes what must be unpacked; to be removed when the images have been used. */
  workDir: string
  onProgress(line: string): void
}

/** Throws ImageError saying what is wrong with the archive. */
export async function readArchive(path: string, options: ReadOptions): Promise<ArchivedImage[]> {
  const files = await openArchive(path, options.workDir)
  const images = await imagesIn(files, options)
  if (images.length === 0) throw new ImageError('the archive holds no image')
  return images
}

function imagesIn(files: ArchiveFiles, options: ReadOptions): Promise<ArchivedImage[]> {
  // Archives that are both say more as a layout.
  if (files.has('oci-layout') && files.has('index.json')) return readLayout(files, options)
  if (files.has('manifest.json')) return readDockerArchive(files, options)
  throw new ImageError(
    'the archive is neither an OCI layout (index.json) nor a Docker archive (manifest.json)',
  )
}
