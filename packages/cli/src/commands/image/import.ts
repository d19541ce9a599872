// `brume image import`: archives of docker, podman or any OCI tool into the registry.

import { EXIT_OK, type ParsedCommand, UsageError } from '@brume/base/command-line'
import { pushBundle } from '@brume/images/client/push'
import { type ArchivedImage, readArchive } from '@brume/images/oci/read-archive'
import { BUILT_IN_REGISTRY, builtInReference, formatReference, parseReference } from '@brume/images/reference'
import { CommandError, type Io } from '../../command.ts'
import { progressTo, withRegistry, withWorkDir } from './registry.ts'

export async function run(parsed: ParsedCommand, io: Io): Promise<number> {
  const [path, name] = parsed.words
  if (path === undefined) throw new UsageError('name a file. Next: ./brume image import FILE')
  return withRegistry(parsed, io, ({ registry }) =>
    withWorkDir(async (workDir) => {
      const onProgress = progressTo(io.err)
      const images = await readArchive(path, { workDir, onProgress })
      if (name !== undefined && images.length > 1) {
        throw new CommandError(
          `${path} holds ${images.length} images`,
          `./brume image import ${path}   (without a name)`,
        )
      }
      for (const image of images) {
        for (const target of targetsOf(image, name, path)) {
          const { repository, tag } = target
          await pushBundle(registry, image.bundle, { repository, tags: [tag], onProgress })
          io.out.write(`imported: ${formatReference(target)}\n`)
        }
      }
      return EXIT_OK
    }),
  )
}

function targetsOf({ names }: ArchivedImage, name: string | undefined, path: string) {
  const known = name === undefined ? names : [name]
  // A tag alone names no image.
  const whole = known.filter((one) => name !== undefined || /[/:]/.test(one))
  if (whole.length === 0) {
    throw new CommandError(
      `${path} does not say what its image is called`,
      `./brume image import ${path} NAME:TAG`,
    )
  }
  return whole.map((one) => {
    const { repository, tag } = parseReference(one)
    const reference = builtInReference(name === undefined ? repository : one)
    return { ...reference, registry: BUILT_IN_REGISTRY, tag: tag || 'latest', digest: '' }
  })
}
