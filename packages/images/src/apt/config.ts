// apt for images: the machine's sources and keys, but lists, status and downloads of its own, and none of the machine's
// hooks. The machine's package state is never read nor written.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Architecture } from '../oci/types.ts'

export interface AptDirs {
  root: string
  lists: string
  archives: string
  /** Always empty: so that apt names every package, also those that are here already. */
  noArchives: string
  config: string
}

/** Hooks that machines have, which would be run for our downloads too. */
const HOOKS = [
  'APT::Update::Pre-Invoke',
  'APT::Update::Post-Invoke',
  'APT::Update::Post-Invoke-Success',
  'DPkg::Pre-Invoke',
  'DPkg::Post-Invoke',
  'DPkg::Pre-Install-Pkgs',
]

export async function prepareApt(cacheDir: string, architecture: Architecture): Promise<AptDirs> {
  const root = join(cacheDir, 'apt', architecture)
  const dirs: AptDirs = {
    root,
    lists: join(root, 'lists'),
    archives: join(root, 'archives'),
    noArchives: join(root, 'no-archives'),
    config: join(root, 'apt.conf'),
  }
  for (const dir of [dirs.lists, dirs.archives, dirs.noArchives]) {
    await mkdir(join(dir, 'partial'), { recursive: true })
  }
  await writeFile(join(root, 'status'), '')
  await writeFile(dirs.config, configText(dirs, architecture))
  return dirs
}

/** The arguments of every apt command; `archives` is one of the two directories of downloads. */
export function aptArguments(
  dirs: AptDirs,
  program: 'apt-get' | 'apt-cache',
  archives = dirs.archives,
): string[] {
  return [program, '-c', dirs.config, '-o', `Dir::Cache::archives=${archives}`]
}

function configText({ root, lists }: AptDirs, architecture: Architecture): string {
  const settings: [string, string][] = [
    ['Dir::State', root],
    ['Dir::State::status', join(root, 'status')],
    ['Dir::State::lists', lists],
    ['Dir::State::extended_states', join(root, 'extended-states')],
    ['Dir::Cache', root],
    ['Dir::Cache::pkgcache', join(root, 'pkgcache.bin')],
    ['Dir::Cache::srcpkgcache', join(root, 'srcpkgcache.bin')],
    ['Dir::Log', root],
    ['APT::Architecture', architecture],
    ['APT::Install-Recommends', 'false'],
    ['APT::Install-Suggests', 'false'],
    ['APT::Sandbox::User', ''],
    ['APT::Keep-Downloaded-Packages', 'true'],
    ['APT::Update::Error-Mode', 'any'],
    ['APT::Color', 'false'],
    ['Acquire::Languages', 'none'],
    ['Acquire::Retries', '2'],
    // One process at a time is seen to above apt: its own lock would need the machine's dpkg.
    ['Debug::NoLocking', 'true'],
  ]
  const quoted = settings.map(([name, value]) => `${name} ${JSON.stringify(value)};\n`)
  return [
    ...HOOKS.map((hook) => `#clear ${hook};\n`),
    '#clear APT::Architectures;\n',
    `APT::Architectures { ${JSON.stringify(architecture)}; };\n`,
    '#clear Acquire::IndexTargets::deb::DEP-11;\n',
    ...quoted,
  ].join('')
}
