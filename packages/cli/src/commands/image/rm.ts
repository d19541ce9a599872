// `brume image rm`: an image, or a tag of it, out of the registry.

import { EXIT_OK, UsageError } from '@brume/base/command-line'
import { builtInReference, formatReference } from '@brume/images/reference'
import { CONNECTION_OPTIONS, type Command } from '../../command.ts'
import { withRegistry } from './registry.ts'

export const imageRm: Command = {
  spec: {
    name: 'image rm',
    usage: 'NAME:TAG | NAME@DIGEST',
    summary: 'Remove an image from the registry',
    details: `A tag is removed alone; what it stood for goes with its last tag, a digest with all its tags. Running containers
keep running. The disk space is given back within about an hour.`,
    options: CONNECTION_OPTIONS,
    maxArguments: 1,
  },
  async run(parsed, io) {
    const [text] = parsed.words
    if (text === undefined) throw new UsageError('name an image. Next: ./brume image list')
    return withRegistry(parsed, io, async ({ registry }) => {
      const reference = builtInReference(text)
      const { repository, tag, digest } = reference
      if (tag === '' && digest === '') {
        throw new UsageError(`${text}: name a tag or a digest. Next: ./brume image list ${text}`)
      }
      const found = await registry.manifest(repository, digest || tag)
      await registry.deleteManifest(repository, digest || tag)
      if (digest === '') await removeUnnamed(found.digest)
      io.out.write(`removed: ${formatReference(reference)}\n`)
      return EXIT_OK

      /** What has no tag any more. */
      async function removeUnnamed(last: string): Promise<void> {
        for (const other of await registry.tags(repository)) {
          if ((await registry.manifest(repository, other)).digest === last) return
        }
        await registry.deleteManifest(repository, last)
      }
    })
  },
}
