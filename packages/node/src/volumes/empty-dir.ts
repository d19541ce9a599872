// emptyDir: a directory of the pod's own, on the node's disk, in memory or in huge pages, gone with the pod.

import { chmod, mkdir, realpath, rename, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { podLimits } from '@brume/api/quota/pod-resources'
import { type Json, listOf } from '@brume/api/validate/json'
import { isZeroQuantity, quantityValue } from '@brume/base/quantity'
import { mountsBelow } from '@brume/machine/mounts'
import type { NodeSettings } from '../containers/settings.ts'
import type { NodeDirs, Pod } from '../contract.ts'
import { hugePagesOf } from './huge-pages.ts'
import { mountHugetlbfs, mountTmpfs } from './mounts.ts'
import { giveToGroup } from './ownership.ts'
import { volumeDir } from './paths.ts'

export interface EmptyDirUse {
  volume: string
  path: string
  inMemory: boolean
  /** More than this, and the pod is evicted; in memory the kernel itself refuses more. */
  sizeLimitBytes: number | undefined
}

/** What the node's disk and memory are used for by the pod's emptyDirs, for eviction and statistics. */
export function emptyDirsOf(dirs: Pick<NodeDirs, 'root' | 'pods'>, pod: Pod): EmptyDirUse[] {
  return listOf(pod['spec'].volumes)
    .filter(({ emptyDir }) => emptyDir !== undefined)
    .map(({ name, emptyDir }) => ({
      volume: name,
      path: volumeDir(dirs, pod.metadata.uid ?? '', 'empty-dir', name),
      inMemory: (emptyDir.medium ?? '') !== '',
      sizeLimitBytes: sizeLimitOf(emptyDir),
    }))
}

/** Idempotent. Throws RunError and errors of the file system. */
export async function ensureEmptyDir(
  dir: string,
  emptyDir: Json,
  pod: Pod,
  settings: Pick<NodeSettings, 'allocatable'>,
): Promise<void> {
  const { medium = '' } = emptyDir
  const pages = hugePagesOf(medium, pod)
  if (medium !== '' && medium !== 'Memory' && pages === undefined) {
    throw new Error(`emptyDirs of the medium ${medium} cannot be made on this node`)
  }
  const { fsGroup } = pod['spec'].securityContext ?? {}
  if (!(await isThere(dir))) await makeDir(dir, fsGroup)
  if (medium === '' || mountsBelow(await realpath(dir)).length > 0) return
  const sizes = [
    sizeLimitOf(emptyDir),
    ...(pages === undefined
      ? [limitOf(podLimits(pod)['memory']), limitOf(settings.allocatable['memory'])]
      : [pages.limitBytes]),
  ]
  const known = sizes.filter((size) => size !== undefined)
  const options = [
    ...(fsGroup === undefined ? ['mode=0777'] : ['mode=02777', `gid=${fsGroup}`]),
    ...(known.length === 0 ? [] : [`size=${Math.min(...known)}`]),
  ]
  if (pages === undefined) await mountTmpfs(dir, options)
  else await mountHugetlbfs(dir, [...options, `pagesize=${pages.sizeBytes}`])
}

/** Under another name until it is as it should be: later its mode is the containers' business. */
async function makeDir(dir: string, fsGroup: number | undefined): Promise<void> {
  const unfinished = join(dirname(dir), `.${basename(dir)}.new`)
  await mkdir(unfinished, { recursive: true, mode: 0o750 })
  await chmod(unfinished, 0o777)
  if (fsGroup !== undefined) await giveToGroup(unfinished, fsGroup, 'Always')
  await rename(unfinished, dir)
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

function sizeLimitOf({ sizeLimit }: Json): number | undefined {
  return limitOf(sizeLimit)
}

/** Nothing and zero are no limit. */
function limitOf(quantity: string | undefined): number | undefined {
  return quantity === undefined || isZeroQuantity(quantity) ? undefined : quantityValue(quantity)
}
