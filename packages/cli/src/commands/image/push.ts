// `brume image push`: an image of the cloud's registry to another registry.

import { EXIT_OK, type ParsedCommand, UsageError } from '@brume/base/command-line'
import { externalRegistry } from '@brume/images/client/external-registry'
import { findLogin } from '@brume/images/client/logins'
import { remoteBundle } from '@brume/images/client/pull'
import { pushBundle } from '@brume/images/client/push'
import { RegistryClient } from '@brume/images/client/registry-client'
import { builtInReference, formatReference, parseReference } from '@brume/images/reference'
import { CommandError, type Io } from '../../command.ts'
import { progressTo, withRegistry } from './registry.ts'

export async function run(parsed: ParsedCommand, io: Io): Promise<number> {
  const [from, to] = parsed.words
  if (from === undefined || to === undefined) {
    throw new UsageError('name an image and where it goes. Next: ./brume image push web ghcr.io/me/web:1')
  }
  return withRegistry(parsed, io, async ({ registry }) => {
    const source = builtInReference(from)
    const target = parseReference(to)
    if (target.registry === '') {
      throw new CommandError(`${to} names no registry`, `./brume image push ${from} docker.io/${to}`)
    }
    const tag = source.tag || 'latest'
    const bundle = await remoteBundle(registry, source.repository, source.digest || tag)
    const login = await findLogin(target.registry, io.env)
    const other = new RegistryClient(externalRegistry({ host: target.registry, login }))
    const named = { ...target, tag: target.tag || tag, digest: '' }
    const { repository } = named
    await pushBundle(other, bundle, { repository, tags: [named.tag], onProgress: progressTo(io.err) })
    io.out.write(`pushed: ${formatReference(named)}\ndigest: ${bundle.root.digest}\n`)
    return EXIT_OK
  })
}
