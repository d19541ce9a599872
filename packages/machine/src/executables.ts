// Where the machine's programs are. Looked up in the directories of the system, not in the caller's PATH alone: a
// service's PATH is short, and sudo's leaves sbin out on some machines.

import { accessSync, constants, statSync } from 'node:fs'
import { join } from 'node:path'

const SYSTEM_DIRS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** Debian's, Alpine's, upstream's, Fedora's. */
const CNI_DIRS = ['/usr/lib/cni', '/usr/libexec/cni', '/opt/cni/bin', '/usr/lib64/cni']

/** What the built-in network calls. */
export const CNI_PLUGINS = ['bridge', 'host-local', 'loopback'] as const

/** For the programs that are started: the directories above after the caller's own. */
export function searchPath(path = process.env['PATH'] ?? ''): string {
  const own = path.split(':').filter((dir) => dir.startsWith('/'))
  return [...new Set([...own, ...SYSTEM_DIRS])].join(':')
}

/** The absolute path of a program; undefined when it is not installed. */
export function findExecutable(name: string, path = searchPath()): string | undefined {
  return path
    .split(':')
    .map((dir) => join(dir, name))
    .find(isExecutable)
}

/** The directory that holds all plugins that the built-in network needs. */
export function findCniPlugins(
  needed: readonly string[] = CNI_PLUGINS,
  dirs: readonly string[] = CNI_DIRS,
): string | undefined {
  return dirs.find((dir) => needed.every((plugin) => isExecutable(join(dir, plugin))))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
