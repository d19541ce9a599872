// Alpine as a source of packages: apk resolves, downloads and verifies signatures; unpacking is done here.

import { mkdtemp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Distribution, matchesAny, type PackageRequest } from '../build/distribution.ts'
import { ImageError } from '../image-error.ts'
import type { Architecture } from '../oci/types.ts'
import { run } from '../process/run.ts'
import { type ApkPackage, plainName, readPackage, unpackPackage } from './package.ts'

const ARCHITECTURES: Readonly<Record<Architecture, string>> = { amd64: 'x86_64', arm64: 'aarch64' }

export const alpine: Distribution = {
  name: 'alpine',
  /** Its packages bring their own directories and links. */
  rootLinks: () => [],
  async find(request, { workDir, onProgress, signal }) {
    if (request.packages.length === 0) return { packages: [], unpack: async () => {} }
    const directory = await mkdtemp(join(workDir, 'apk-'))
    onProgress('fetching packages with apk')
    await run(fetchArguments(request, directory), {
      signal,
      onLine: (line) => {
        if (line.startsWith('Downloading')) onProgress(`  ${line}`)
      },
    }).catch((error) => {
      if (!(error instanceof ImageError)) throw error
      const what = `apk cannot fetch what is needed for ${request.packages.join(', ')}`
      throw new ImageError(`${what}: ${error.message}`, { cause: error })
    })
    const found: ApkPackage[] = []
    for (const name of (await readdir(directory)).sort()) {
      if (name.endsWith('.apk')) found.push(await readPackage(join(directory, name)))
    }
    const packages = needed(found, request).sort((a, b) => (a.name < b.name ? -1 : 1))
    return {
      packages,
      async unpack(tree) {
        for (const one of packages) await unpackPackage(tree, one)
      },
    }
  },
}

/** Nothing of this machine's installed packages counts: `fetch` does not look at them. */
export function fetchArguments({ packages, architecture }: PackageRequest, directory: string): string[] {
  const { [architecture]: arch } = ARCHITECTURES
  return [
    'apk',
    'fetch',
    '--recursive',
    '--no-cache',
    '--arch',
    arch,
    '--output',
    directory,
    '--',
    ...packages,
  ]
}

/** What the wanted packages reach over their dependencies without going through an unwanted one. */
export function needed(found: readonly ApkPackage[], { packages, without }: PackageRequest): ApkPackage[] {
  const kept = found.filter(({ name }) => !matchesAny(name, without))
  const providers = new Map<string, ApkPackage[]>()
  for (const one of kept) {
    for (const name of [one.name, ...one.provides]) providers.set(name, [...(providers.get(name) ?? []), one])
  }
  const reached = new Set<ApkPackage>()
  const open = packages.map(plainName)
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const one of providers.get(name) ?? []) {
      if (reached.has(one)) continue
      reached.add(one)
      open.push(...one.depends)
    }
  }
  return [...reached]
}
