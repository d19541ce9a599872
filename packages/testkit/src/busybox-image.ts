// A small image for tests, made of this machine's busybox: a shell and the usual tools, no registry needed.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { smallArchive } from '@brume/images/oci/archive'
import { digestOf } from '@brume/images/oci/digest'
import { composeImage } from '@brume/images/oci/image'
import { MEDIA_TYPES, machineArchitecture } from '@brume/images/oci/types'
import { paddingOf, TAR_END, type TarEntry, tarHeader } from '@brume/images/tar/header'
import { plainDirectory, plainFile } from '@brume/images/tar/pack'
import { run } from '@brume/machine/run'
import { importImage } from '@brume/node/runtime/import-image'
import type { RuntimePaths } from '@brume/node/runtime/paths'

export const BUSYBOX_IMAGE = 'registry.brume.internal/test/busybox:1'

const BUSYBOX = '/bin/busybox'

/** The reason for which there is no such image here; undefined when there is. */
export function whyNoBusybox(): string | undefined {
  return existsSync(BUSYBOX) ? undefined : 'busybox is not installed (busybox-static)'
}

/** Makes it known to the runtime as BUSYBOX_IMAGE. */
export async function importBusybox(paths: RuntimePaths): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'brume-busybox-'))
  try {
    const file = join(dir, 'busybox.tar')
    writeFileSync(file, await busyboxImage())
    await importImage(paths, file)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** An archive for `ctr images import`. */
export async function busyboxImage(name = BUSYBOX_IMAGE): Promise<Buffer> {
  const { stdout } = await run([BUSYBOX, '--list'])
  const applets = stdout.split('\n').filter((applet) => applet !== '' && applet !== 'busybox')
  const program = readFileSync(BUSYBOX)
  const links = applets.map(
    (applet): TarEntry => ({ ...plainFile(`bin/${applet}`, 0), type: 'symlink', linkPath: 'busybox' }),
  )
  const layer = Buffer.concat([
    ...['bin', 'etc', 'root', 'home'].map((path) => tarHeader(plainDirectory(path))),
    tarHeader(plainDirectory('tmp', 0o1777)),
    tarHeader(plainFile('bin/busybox', program.length, 0o755)),
    program,
    Buffer.alloc(paddingOf(program.length)),
    ...links.map((link) => tarHeader(link)),
    TAR_END,
  ])
  const digest = digestOf(layer)
  const config = {
    created: '1970-01-01T00:00:00Z',
    architecture: machineArchitecture(),
    os: 'linux' as const,
    config: { Env: ['PATH=/bin'], Cmd: ['sh'], WorkingDir: '/' },
  }
  const image = composeImage(config, [
    { mediaType: MEDIA_TYPES.layer, digest, diffId: digest, content: layer },
  ])
  return smallArchive([name], image)
}
