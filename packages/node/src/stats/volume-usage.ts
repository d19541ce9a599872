// What pods have in their emptyDir volumes on the node's disk. Measuring a volume of many files takes the disk a while, so
// it is done seldom, and whoever only wants to show it does not wait for it.

import type { NodeContext, Pod } from '../contract.ts'
import { volumeDir } from '../volumes/paths.ts'
import { type DirectoryUsage, directoryUsage } from './directory-usage.ts'

/** By the volume's name in the pod. */
export type VolumeUsage = ReadonlyMap<string, DirectoryUsage>

export interface VolumeUsages {
  /** No older than a minute. */
  get(pod: Pod): Promise<VolumeUsage>
  /** What is known; measured anew behind the scenes when that is old. */
  known(pod: Pod): VolumeUsage
}

interface Measured {
  at: number
  usage: VolumeUsage
}

const FRESH_MS = 60_000
const NONE: VolumeUsage = new Map()

export function volumeUsages({ dirs }: Pick<NodeContext, 'dirs'>): VolumeUsages {
  const measured = new Map<string, Measured>()
  const measuring = new Map<string, Promise<VolumeUsage>>()
  const measure = async (pod: Pod): Promise<VolumeUsage> => {
    const uid = pod.metadata.uid ?? ''
    const usage = new Map<string, DirectoryUsage>()
    for (const name of diskVolumes(pod)) {
      usage.set(name, await directoryUsage(volumeDir(dirs, uid, 'empty-dir', name)))
    }
    forgetOld(measured)
    measured.set(uid, { at: performance.now(), usage })
    return usage
  }
  const fresh = (uid: string) => {
    const found = measured.get(uid)
    return found !== undefined && performance.now() - found.at < FRESH_MS ? found.usage : undefined
  }
  const get = (pod: Pod): Promise<VolumeUsage> => {
    const uid = pod.metadata.uid ?? ''
    const known = diskVolumes(pod).length === 0 ? NONE : fresh(uid)
    if (known !== undefined) return Promise.resolve(known)
    const running = measuring.get(uid) ?? measure(pod).finally(() => measuring.delete(uid))
    measuring.set(uid, running)
    return running
  }
  return {
    get,
    known(pod) {
      // What cannot be read is not shown; whoever has to know asks for it.
      get(pod).catch(() => {})
      return measured.get(pod.metadata.uid ?? '')?.usage ?? NONE
    },
  }
}

/** Those in memory count as memory. */
function diskVolumes({ spec }: Pod): string[] {
  const volumes: { name: string; emptyDir?: { medium?: string } }[] = spec.volumes ?? []
  return volumes.flatMap(({ name, emptyDir }) =>
    emptyDir === undefined || emptyDir.medium === 'Memory' ? [] : [name],
  )
}

/** Of pods that nobody has asked about for long. */
function forgetOld(measured: Map<string, Measured>): void {
  const now = performance.now()
  for (const [uid, { at }] of measured) if (now - at > 10 * FRESH_MS) measured.delete(uid)
}
