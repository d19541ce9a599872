// The control group hierarchies that are mounted on this machine: one with all controllers (v2), or one for each
// controller (v1), beside which there may be one of v2 without any (hybrid).

import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mounts } from '@brume/machine/mounts'
import type { CgroupSettings } from './settings.ts'

/** Of v1 (cgroups(7)); a mount has other options too. */
const CONTROLLERS = [
  'blkio',
  'cpu',
  'cpuacct',
  'cpuset',
  'devices',
  'freezer',
  'hugetlb',
  'memory',
  'misc',
  'net_cls',
  'net_prio',
  'perf_event',
  'pids',
  'rdma',
]

export interface Hierarchy {
  version: 1 | 2
  /** Where it is mounted. */
  path: string
  /** `cpu`, `memory`, ..., or `name=systemd`; none in the v2 hierarchy of a hybrid machine. */
  controllers: readonly string[]
}

export async function mountedHierarchies(): Promise<Hierarchy[]> {
  const found = parseHierarchies()
  return Promise.all(
    found.map(async (hierarchy) => {
      if (hierarchy.version === 1) return hierarchy
      const text = await readFile(join(hierarchy.path, 'cgroup.controllers'), 'utf8')
      return { ...hierarchy, controllers: text.split(/\s+/).filter((name) => name !== '') }
    }),
  )
}

/** `root`: as CgroupSettings has it. */
export function cgroupSettingsOf(hierarchies: readonly Hierarchy[], root: string): CgroupSettings {
  const memory = hierarchies.find(({ controllers }) => controllers.includes('memory'))
  const version = hierarchies.some((hierarchy) => hierarchy.version === 1) ? 1 : 2
  const swap = memory !== undefined && accountsSwap(memory.path, version)
  // The runtime is told to leave hugetlb alone (runtime/config.ts).
  return { version, root, swap, hugePageSizes: [] }
}

/** On v2 the kernel's own root has no limits: a group below it shows what there is. */
function accountsSwap(path: string, version: 1 | 2): boolean {
  if (version === 1) return existsSync(join(path, 'memory.memsw.limit_in_bytes'))
  const below = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return ['.', ...below.map(({ name }) => name)].some((name) =>
    existsSync(join(path, name, 'memory.swap.max')),
  )
}

/** v2 without its controllers. A hierarchy that is mounted twice counts once, at the shorter path. */
export function parseHierarchies(mountinfo?: string): Hierarchy[] {
  const found = new Map<string, Hierarchy>()
  for (const { path, type, options } of mounts(mountinfo)) {
    if (type !== 'cgroup' && type !== 'cgroup2') continue
    const controllers = type === 'cgroup2' ? [] : options.filter(isController)
    const key = type === 'cgroup2' ? type : [...controllers].sort().join(',')
    const known = found.get(key)
    if (known !== undefined && known.path.length <= path.length) continue
    found.set(key, { version: type === 'cgroup2' ? 2 : 1, path, controllers })
  }
  return [...found.values()]
}

function isController(option: string): boolean {
  return CONTROLLERS.includes(option) || option.startsWith('name=')
}
