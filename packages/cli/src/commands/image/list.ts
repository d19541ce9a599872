// `brume image list`: what is in the cloud's own registry.

import { EXIT_OK, type ParsedCommand } from '@brume/base/command-line'
import type { RegistryClient } from '@brume/images/client/registry-client'
import { parseConfig, parseIndex, parseManifest } from '@brume/images/oci/json'
import { MEDIA_TYPES } from '@brume/images/oci/types'
import { BUILT_IN_REGISTRY } from '@brume/images/reference'
import type { Io } from '../../command.ts'
import { textTable } from '../../text-table.ts'
import { megabytes, withRegistry } from './registry.ts'

interface Listed {
  name: string
  digest: string
  sizeBytes: number
  platforms: string[]
}

const MAX_CONFIG_BYTES = 8 * 1024 * 1024
const INDEXES = new Set<string>([MEDIA_TYPES.index, MEDIA_TYPES.dockerIndex])

export function run(parsed: ParsedCommand, io: Io): Promise<number> {
  return withRegistry(parsed, io, async ({ registry }) => {
    const found = await list(registry, parsed.words[0] ?? '')
    if (parsed.options['output'] === 'json') io.out.write(`${JSON.stringify(found, null, 2)}\n`)
    else if (found.length === 0) io.out.write('no images\nnext: ./brume image build busybox\n')
    else io.out.write(table(found))
    return EXIT_OK
  })
}

async function list(registry: RegistryClient, part: string): Promise<Listed[]> {
  const found: Listed[] = []
  for (const repository of await registry.repositories()) {
    if (!repository.includes(part)) continue
    for (const tag of await registry.tags(repository)) {
      const manifest = await registry.manifest(repository, tag)
      const images = INDEXES.has(manifest.mediaType)
        ? await Promise.all(
            parseIndex(manifest.bytes, tag).manifests.map(({ digest }) =>
              registry.manifest(repository, digest),
            ),
          )
        : [manifest]
      let sizeBytes = 0
      const platforms: string[] = []
      for (const { bytes, digest } of images) {
        const { config, layers } = parseManifest(bytes, digest)
        sizeBytes += layers.reduce((sum, { size }) => sum + size, 0)
        platforms.push(await platformOf(registry, repository, config))
      }
      const name = `${BUILT_IN_REGISTRY}/${repository}:${tag}`
      found.push({ name, digest: manifest.digest, sizeBytes, platforms })
    }
  }
  return found
}

async function platformOf(
  registry: RegistryClient,
  repository: string,
  { digest, size }: { digest: string; size: number },
): Promise<string> {
  if (size > MAX_CONFIG_BYTES) return 'unknown'
  const parts: Buffer[] = []
  for await (const part of registry.blob(repository, digest, size)) parts.push(part)
  const { os, architecture } = parseConfig(Buffer.concat(parts), digest)
  return `${os}/${architecture}`
}

function table(found: readonly Listed[]): string {
  const rows = found.map(({ name, digest, sizeBytes, platforms }) => [
    name,
    megabytes(sizeBytes),
    platforms.join(','),
    digest.slice(0, 'sha256:'.length + 12),
  ])
  return textTable([['NAME', 'SIZE', 'PLATFORM', 'DIGEST'], ...rows])
}
