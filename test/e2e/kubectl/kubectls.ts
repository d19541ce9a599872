// The real kubectls of this machine, one for each minor version: on PATH and in Google Cloud's SDK; where there is none at
// all, Debian's package, unpacked under .state/ and not installed.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

export interface Kubectl {
  /** `1.32` */
  version: string
  minor: number
  path: string
}

const ROOT = resolve(import.meta.dirname, '../../..')
const SDK = '/usr/lib/google-cloud-sdk/bin'
const UNPACKED = join(ROOT, '.state/kubectl')
const DEBIAN_PACKAGES = ['kubectl', 'kubernetes-client']
const COMMAND_LIMIT_MS = 60_000

/** Named when they are missing. */
export const WANTED_MINORS: readonly number[] = [27, 28, 29, 30, 31, 32, 33]

/** These run everything; the versions between them differ little, and run what each needs most. */
const FULL_MINORS: ReadonlySet<number> = new Set([27, 30, 33])

/** Older ones ask for APIs that are long gone. */
const OLDEST_MINOR = 27

let found: readonly Kubectl[] | undefined

export function kubectls(): readonly Kubectl[] {
  found ??= find()
  return found
}

/** Whether this version runs everything; where none of those is there, each does. */
export function runsAll({ minor }: Kubectl): boolean {
  return FULL_MINORS.has(minor) || !kubectls().some((other) => FULL_MINORS.has(other.minor))
}

function find(): Kubectl[] {
  const folders = [...new Set([...(process.env['PATH'] ?? '').split(delimiter), SDK])]
  const byMinor = collect(folders)
  return [...(byMinor.size > 0 ? byMinor : fromDebian()).values()].sort((a, b) => a.minor - b.minor)
}

/** A file that has the version in its name wins: a plain `kubectl` may be a wrapper that picks another. */
function collect(folders: readonly string[]): Map<number, Kubectl> {
  const byMinor = new Map<number, Kubectl>()
  const names = (folder: string) => (existsSync(folder) ? readdirSync(folder) : [])
  for (const pattern of [/^kubectl\.1\.\d+$/, /^kubectl$/]) {
    for (const folder of folders) {
      for (const name of names(folder).filter((name) => pattern.test(name))) {
        const path = join(folder, name)
        const minor = minorOf(path)
        if (minor === undefined || minor < OLDEST_MINOR || byMinor.has(minor)) continue
        byMinor.set(minor, { version: `1.${minor}`, minor, path })
      }
    }
  }
  return byMinor
}

function minorOf(path: string): number | undefined {
  const { stdout, status } = spawnSync(path, ['version', '--client', '-o', 'json'], {
    encoding: 'utf8',
    timeout: COMMAND_LIMIT_MS,
  })
  if (status !== 0) return undefined
  return Number.parseInt(JSON.parse(stdout).clientVersion.minor, 10)
}

function fromDebian(): Map<number, Kubectl> {
  mkdirSync(UNPACKED, { recursive: true })
  const options = { cwd: UNPACKED, timeout: COMMAND_LIMIT_MS }
  const folder = join(UNPACKED, 'usr/bin')
  for (const name of DEBIAN_PACKAGES) {
    if (existsSync(join(folder, 'kubectl'))) break
    if (spawnSync('apt-get', ['download', name], options).status !== 0) continue
    const file = readdirSync(UNPACKED).find((entry) => entry.startsWith(`${name}_`))
    if (file !== undefined) spawnSync('dpkg-deb', ['-x', file, '.'], options)
  }
  return collect([folder])
}
