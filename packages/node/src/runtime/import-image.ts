// Images that come from this machine and from no registry: the sandbox image, and archives.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { PAUSE_IMAGE, pauseImage } from '@brume/images/pause/image'
import { run } from '@brume/machine/run'
import type { Cri } from '../cri/cri.ts'
import { RuntimeError } from './error.ts'
import type { RuntimePaths } from './paths.ts'

/** The namespace in which CRI keeps its things. */
const CRI_NAMESPACE = 'k8s.io'
const IMPORT_LIMIT_MS = 10 * 60_000
/** The CRI plugin learns of images by an event. */
const SEEN_LIMIT_MS = 30_000
const RETRY_MS = 10

/** `file` is an OCI or Docker archive; its images are there under the names that it gives them. */
export async function importImage(paths: RuntimePaths, file: string): Promise<void> {
  const ctr = ['ctr', '--address', paths.socket, '--namespace', CRI_NAMESPACE]
  await run([...ctr, 'images', 'import', file], { timeoutMs: IMPORT_LIMIT_MS })
}

/** Without it no pod starts. Idempotent; an image that was removed comes back. */
export async function ensureSandboxImage(paths: RuntimePaths, cri: Cri): Promise<void> {
  if ((await cri.imageStatus(PAUSE_IMAGE)) !== undefined) return
  const dir = mkdtempSync(join(paths.dir, 'import-'))
  try {
    const file = join(dir, 'pause.tar')
    writeFileSync(file, pauseImage())
    await importImage(paths, file)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
  const limit = Date.now() + SEEN_LIMIT_MS
  while ((await cri.imageStatus(PAUSE_IMAGE)) === undefined) {
    if (Date.now() > limit)
      throw new RuntimeError(`containerd does not show ${PAUSE_IMAGE}, that it was given`, `see ${paths.log}`)
    await wait(RETRY_MS)
  }
}
