// `brume image export`: an image of the registry as one file, for docker, podman, containerd or another cloud.

import { createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { EXIT_OK, type ParsedCommand, UsageError } from '@brume/base/command-line'
import { remoteBundle } from '@brume/images/client/pull'
import { imageArchive } from '@brume/images/oci/archive'
import type { Bundle } from '@brume/images/oci/bundle'
import { builtInReference, formatReference } from '@brume/images/reference'
import { CommandError, type Io } from '../../command.ts'
import { megabytes, withRegistry } from './registry.ts'

export async function run(parsed: ParsedCommand, io: Io): Promise<number> {
  const [text, path] = parsed.words
  if (text === undefined || path === undefined) {
    throw new UsageError('name an image and a file. Next: ./brume image export busybox busybox.tar')
  }
  return withRegistry(parsed, io, async ({ registry }) => {
    const reference = builtInReference(text)
    const tag = reference.tag || 'latest'
    const bundle = await remoteBundle(registry, reference.repository, reference.digest || tag)
    const name = formatReference({ ...reference, tag, digest: '' })
    const bytes = await writeArchive(path, [name], bundle)
    io.out.write(`exported: ${name} to ${path}, ${megabytes(bytes)}\n`)
    return EXIT_OK
  })
}

/** Beside the target, then renamed: the name never leads to half an archive. Bytes written. */
export async function writeArchive(path: string, names: readonly string[], bundle: Bundle): Promise<number> {
  if ((await stat(path).catch(() => undefined)) !== undefined) {
    throw new CommandError(`${path} exists already`, 'name another file, or remove this one')
  }
  const partial = `${path}.${process.pid}.partial`
  try {
    const archive = Readable.from(imageArchive(names, bundle), { objectMode: false })
    await pipeline(archive, createWriteStream(partial, { flags: 'wx' }))
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    const { code, syscall } = error as NodeJS.ErrnoException
    if (syscall === undefined) throw error
    throw new CommandError(`cannot write ${path}: ${code}`, 'name a file in a place that you may write to', {
      cause: error,
    })
  }
  return (await stat(path)).size
}
