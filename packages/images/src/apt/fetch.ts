// Packages onto this machine: apt downloads and verifies them; those that are here already are verified again.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { DistributionOptions } from '../build/distribution.ts'
import { ImageError } from '../image-error.ts'
import { run } from '../process/run.ts'
import { type AptDirs, aptArguments } from './config.ts'
import type { AptPackage } from './resolve.ts'

const APT_DIR = '/etc/apt'
const LISTS_MAX_AGE_MS = 24 * 60 * 60_000
const UNUSED_MAX_AGE_MS = 30 * 24 * 60 * 60_000

/** Fetches the lists of packages when they are missing or `force`d, or a day old; old ones do when there is no network. */
export async function refreshLists(
  dirs: AptDirs,
  { onProgress, signal }: DistributionOptions,
  force = false,
): Promise<void> {
  const ageMs = await listsAgeMs(dirs)
  if (!force && ageMs !== undefined && ageMs < LISTS_MAX_AGE_MS) return
  onProgress('fetching the lists of packages')
  try {
    await run([...aptArguments(dirs, 'apt-get'), 'update', '-q'], {
      signal,
      onLine: (line) => {
        if (/^(Get|Err):/.test(line)) onProgress(`  ${line}`)
      },
    })
    await writeFile(stampOf(dirs), await sourcesDigest())
  } catch (error) {
    if (ageMs === undefined || force || !(error instanceof ImageError)) throw error
    onProgress(`the lists could not be fetched; using those from ${Math.round(ageMs / 3_600_000)} h ago`)
  }
}

async function listsAgeMs(dirs: AptDirs): Promise<number | undefined> {
  const isThere = (await readdir(dirs.lists)).some((name) => name.includes('_Packages'))
  const stamp = await stat(stampOf(dirs)).catch(() => undefined)
  if (!isThere || stamp === undefined) return undefined
  const sources = await readFile(stampOf(dirs), 'utf8')
  return sources === (await sourcesDigest()) ? Date.now() - stamp.mtimeMs : undefined
}

/** Lists of other sources (another release, after an upgrade) are of no use. */
async function sourcesDigest(): Promise<string> {
  const hash = createHash('sha256')
  const names = await readdir(join(APT_DIR, 'sources.list.d')).catch(() => [])
  const paths = ['sources.list', ...names.sort().map((name) => join('sources.list.d', name))]
  for (const path of paths) {
    const text = await readFile(join(APT_DIR, path), 'utf8').catch(() => '')
    hash.update(`${path}\n${text}\n`)
  }
  return hash.digest('hex')
}

const stampOf = ({ root }: AptDirs) => join(root, 'lists-fetched')

/** Downloads that no build has used for a month are removed. */
export async function pruneArchives({ archives }: AptDirs, nowMs = Date.now()): Promise<void> {
  for (const name of await readdir(archives)) {
    const path = join(archives, name)
    const found = await stat(path).catch(() => undefined)
    const isOld = found?.isFile() === true && nowMs - found.mtimeMs > UNUSED_MAX_AGE_MS
    if (isOld) await rm(path, { force: true })
  }
}

/** Throws ImageError when a download fails or is not what the lists say. */
export async function fetchPackages(
  dirs: AptDirs,
  packages: readonly AptPackage[],
  { onProgress, signal }: DistributionOptions,
): Promise<void> {
  const missing: AptPackage[] = []
  for (const one of packages) if (!(await isWhole(dirs, one))) missing.push(one)
  if (missing.length === 0) return
  const bytes = missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  onProgress(`fetching ${missing.length} packages, ${(bytes / 1e6).toFixed(1)} MB`)
  const names = missing.map(({ name, version }) => `${name}=${version}`)
  await run([...aptArguments(dirs, 'apt-get'), 'download', '-q', '--', ...names], {
    cwd: dirs.archives,
    signal,
    onLine: (line) => {
      if (line.startsWith('Get:')) onProgress(`  ${line}`)
    },
  })
  for (const one of missing) {
    if (!(await isWhole(dirs, one))) throw new ImageError(`${one.fileName} was not downloaded whole`)
  }
}

async function isWhole(dirs: AptDirs, { fileName, sizeBytes, sha256 }: AptPackage): Promise<boolean> {
  const path = join(dirs.archives, fileName)
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) return false
  if (found.size === sizeBytes) {
    const hash = createHash('sha256')
    await pipeline(createReadStream(path), hash)
    if (hash.digest('hex') === sha256) {
      const now = new Date()
      await utimes(path, now, now)
      return true
    }
  }
  await rm(path, { force: true })
  return false
}
