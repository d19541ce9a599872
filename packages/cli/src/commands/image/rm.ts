// `brume image rm`: an image, or a tag of it, out of the registry.

import { EXIT_OK, type ParsedCommand, UsageError } from '@brume/base/command-line'
import { builtInReference, formatReference } from '@brume/images/reference'
import type { Io } from '../../command.ts'
import { withRegistry } from './registry.ts'

export async function run(parsed: ParsedCommand, io: Io): Promise<number> {
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
}
