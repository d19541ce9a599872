// Where the volumes of pods are. Below the pod's directory the names are the kubelet's, which tools for operators know.
// What must not be written to a disk is in one tmpfs for all pods of the node.

import { join } from 'node:path'
import { assert } from '@brume/base/assert'
import type { NodeDirs } from '../contract.ts'

type Roots = Pick<NodeDirs, 'root' | 'pods'>

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

/** A piece of a path that the API has checked: it leads nowhere else. */
function named(name: string): string {
  assert(NAME.test(name), `not a name: ${name}`)
  return name
}

export function podDir({ pods }: Roots, uid: string): string {
  return join(pods, named(uid))
}

/** Of those that are the pod's own and not in the tmpfs of all; gone when they are. */
export function volumesDir(roots: Roots, uid: string): string {
  return join(podDir(roots, uid), 'volumes')
}

/** A tmpfs, where one can be mounted. */
export function memoryRoot({ root }: Roots): string {
  return join(root, 'memory')
}

export function podMemoryDir(roots: Roots, uid: string): string {
  return join(memoryRoot(roots), named(uid))
}

export type VolumePlugin = 'empty-dir' | 'configmap' | 'secret' | 'projected' | 'downward-api'

/** What must not be written to a disk. */
export const IN_MEMORY: readonly VolumePlugin[] = ['secret', 'projected', 'downward-api']

export function volumeDir(roots: Roots, uid: string, plugin: VolumePlugin, name: string): string {
  const base = IN_MEMORY.includes(plugin) ? podMemoryDir(roots, uid) : volumesDir(roots, uid)
  return join(base, `kubernetes.io~${plugin}`, named(name))
}

export function subPathTarget(
  roots: Roots,
  of: { uid: string; volume: string; container: string; index: number },
): string {
  const { uid, volume, container, index } = of
  return join(podDir(roots, uid), 'volume-subpaths', named(volume), named(container), String(index))
}

export function etcHostsPath(roots: Roots, uid: string): string {
  return join(podDir(roots, uid), 'etc-hosts')
}

/** One file for each start of the container. */
export function terminationLogDir(roots: Roots, uid: string, container: string): string {
  return join(podDir(roots, uid), 'containers', named(container))
}
