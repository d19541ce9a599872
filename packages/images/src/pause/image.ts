// The sandbox image, made here: nodes need no registry to start their first pod.

import { smallArchive } from '../oci/archive.ts'
import { digestOf } from '../oci/digest.ts'
import { composeImage } from '../oci/image.ts'
import { type Architecture, MEDIA_TYPES, machineArchitecture } from '../oci/types.ts'
import { packTar } from '../tar/pack.ts'
import { pauseProgram } from './elf.ts'

export const PAUSE_IMAGE = 'registry.brume.internal/brume/pause:1'

/** Nobody in particular: the program needs no rights. */
const USER = '65535:65535'

/** An OCI archive (that `docker load` takes too) of PAUSE_IMAGE, about 6 KB, for containerd's import. */
export function pauseImage(architecture: Architecture = machineArchitecture()): Buffer {
  const layer = packTar([{ path: 'pause', content: pauseProgram(architecture), mode: 0o755 }])
  const config = {
    created: '1970-01-01T00:00:00Z',
    architecture,
    os: 'linux',
    config: { User: USER, Entrypoint: ['/pause'], WorkingDir: '/' },
  }
  const digest = digestOf(layer)
  const image = composeImage(config, [
    { mediaType: MEDIA_TYPES.layer, digest, diffId: digest, content: layer },
  ])
  return smallArchive([PAUSE_IMAGE], image)
}
