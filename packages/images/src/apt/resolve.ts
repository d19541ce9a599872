// Which packages an image needs: apt resolves, then what was not wanted is left out with all that only it needs.

import { matchesAny, type PackageRequest } from '../build/distribution.ts'
import { ImageError } from '../image-error.ts'
import { run } from '../process/run.ts'
import { type AptDirs, aptArguments } from './config.ts'
import { type Paragraph, parseDependencies, parseParagraphs } from './control.ts'

export interface AptPackage {
  name: string
  version: string
  /** In the directory of downloads. */
  fileName: string
  sizeBytes: number
  /** Hex. */
  sha256: string
  control: Paragraph
}

/** Sorted by name. Throws ImageError naming what apt does not know. */
export async function resolvePackages(
  dirs: AptDirs,
  { packages, without }: PackageRequest,
  signal?: AbortSignal,
): Promise<AptPackage[]> {
  if (packages.length === 0) return []
  const listed = await run(
    [
      ...aptArguments(dirs, 'apt-get', dirs.noArchives),
      ...['install', '--print-uris', '-y', '-qq', '--', ...packages],
    ],
    { signal },
  ).catch((error) => {
    throw explained(error, packages)
  })
  const files = new Map(parseUris(listed).map((file) => [`${file.name}=${file.version}`, file]))
  const shown = await run(
    [...aptArguments(dirs, 'apt-cache'), 'show', '--no-all-versions', '--', ...files.keys()],
    { signal },
  )
  const found: AptPackage[] = []
  for (const control of parseParagraphs(shown)) {
    const { Package: name = '', Version: version = '', SHA256: sha256 = '' } = control
    const file = files.get(`${name}=${version}`)
    if (file === undefined) continue
    files.delete(`${name}=${version}`)
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new ImageError(`the package list has no SHA256 of ${name}`)
    found.push({ name, version, fileName: file.fileName, sizeBytes: file.sizeBytes, sha256, control })
  }
  const [missing] = files.keys()
  if (missing !== undefined) throw new ImageError(`apt does not describe ${missing}`)
  return needed(found, packages, without).sort((a, b) => (a.name < b.name ? -1 : 1))
}

interface ListedFile {
  name: string
  version: string
  fileName: string
  sizeBytes: number
}

/** Lines of `'URI' name_version_architecture.deb SIZE HASH`. */
function parseUris(text: string): ListedFile[] {
  const files: ListedFile[] = []
  for (const line of text.split('\n')) {
    const match = /^'[^']+' ([^\s/_]+)_([^\s/_]+)_([^\s/_]+\.deb) (\d+)/.exec(line)
    if (match === null) continue
    const [, name, version, rest, size] = match
    files.push({
      name: name!,
      version: decodeURIComponent(version!),
      fileName: `${name}_${version}_${rest}`,
      sizeBytes: Number(size),
    })
  }
  return files
}

/** What the wanted packages reach over their dependencies without going through an unwanted one. */
function needed(
  found: readonly AptPackage[],
  wanted: readonly string[],
  without: readonly string[],
): AptPackage[] {
  const kept = found.filter(({ name }) => !matchesAny(name, without))
  const byName = new Map(kept.map((one) => [one.name, one]))
  const providers = new Map<string, AptPackage[]>()
  for (const one of kept) {
    for (const [name] of parseDependencies(one.control['Provides'])) {
      providers.set(name!, [...(providers.get(name!) ?? []), one])
    }
  }
  const reached = new Set<AptPackage>()
  const open = wanted.map((word) => word.replace(/[=/:].*$/, ''))
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const direct = byName.get(name)
    for (const one of direct === undefined ? (providers.get(name) ?? []) : [direct]) {
      if (reached.has(one)) continue
      reached.add(one)
      for (const field of ['Pre-Depends', 'Depends'])
        open.push(...parseDependencies(one.control[field]).flat())
    }
  }
  return [...reached]
}

function explained(error: unknown, packages: readonly string[]): unknown {
  if (!(error instanceof ImageError)) return error
  const unknown = /Unable to locate package (\S+)/.exec(error.message)?.[1]
  const what =
    unknown === undefined
      ? `apt cannot find what is needed for ${packages.join(', ')}`
      : `the machine's apt sources have no package ${unknown}`
  return new ImageError(`${what}: ${error.message}`, { cause: error })
}
