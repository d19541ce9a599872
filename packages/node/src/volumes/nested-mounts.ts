// A volume that is mounted inside another one needs a directory there, and a volume for reading cannot be given one any
// more when the container starts.

import { mkdir } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { type Json, listOf } from '@brume/api/validate/json'
import type { Pod } from '../contract.ts'

/** Paths below the volume, of all containers. */
export function nestedMountPoints(pod: Pod, volume: string): string[] {
  const { initContainers, containers, ephemeralContainers } = pod['spec']
  const found = new Set<string>()
  for (const list of [initContainers, containers, ephemeralContainers]) {
    for (const { volumeMounts } of listOf(list)) addNested(found, listOf(volumeMounts), volume)
  }
  // A mount point below another one is in that other volume.
  return [...found].sort().filter((path) => ![...found].some((other) => path.startsWith(`${other}/`)))
}

export async function makeNestedMountPoints(dir: string, pod: Pod, volume: string): Promise<void> {
  for (const path of nestedMountPoints(pod, volume))
    await mkdir(join(dir, path), { recursive: true, mode: 0o755 })
}

function addNested(found: Set<string>, mounts: readonly Json[], volume: string): void {
  for (const outer of mounts.filter(
    ({ name, subPath, subPathExpr }) => name === volume && !subPath && !subPathExpr,
  )) {
    for (const inner of mounts) {
      const below = posix.relative(posix.normalize(outer.mountPath), posix.normalize(inner.mountPath))
      // Names that begin so are the writer's own.
      if (below !== '' && !below.startsWith('..')) found.add(below)
    }
  }
}
