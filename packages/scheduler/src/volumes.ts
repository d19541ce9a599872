// Where a pod's volumes let it run: claims must be bound, and some volumes are reached from some nodes only.

import type { KubeObject } from '@brume/api/object'
import type { NodeEntry } from './node-entry.ts'
import { matchesTerm } from './node-match.ts'
import type { Json, PodInfo } from './pod-info.ts'
import { FITS, VOLUME_CONFLICT, VOLUME_GONE } from './reasons.ts'

export interface VolumeReader {
  claim(namespace: string, name: string): KubeObject | undefined
  volume(name: string): KubeObject | undefined
  storageClass(name: string): KubeObject | undefined
}

export const NO_VOLUMES: VolumeReader = {
  claim: () => undefined,
  volume: () => undefined,
  storageClass: () => undefined,
}

export type VolumeDemand =
  | { wait: string; remedy: string }
  /** The bound claims' volumes; undefined where a volume is gone. */
  | { volumes: readonly (KubeObject | undefined)[] }

/** undefined: the pod has no claims. */
export function volumeDemandOf(info: PodInfo, reader: VolumeReader): VolumeDemand | undefined {
  const names = claimNames(info)
  if (names.length === 0) return undefined
  const volumes: (KubeObject | undefined)[] = []
  for (const name of names) {
    const claim = reader.claim(info.namespace, name)
    if (claim === undefined) {
      return { wait: `persistentvolumeclaim "${name}" not found`, remedy: `create the claim ${name}` }
    }
    if (claim.metadata.deletionTimestamp !== undefined) {
      const wait = `persistentvolumeclaim "${name}" is being deleted`
      return { wait, remedy: `create the claim ${name} again once it is gone` }
    }
    if (claim['status']?.phase === 'Lost') {
      const wait = `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim['spec']?.volumeName}"`
      return { wait, remedy: 'restore the volume' }
    }
    if (!isBound(claim)) return waiting(claim, reader)
    volumes.push(reader.volume(claim['spec'].volumeName))
  }
  return { volumes }
}

/** FITS or a reason. */
export function volumesAllow(volumes: readonly (KubeObject | undefined)[], node: NodeEntry): number {
  for (const volume of volumes) {
    if (volume === undefined) return VOLUME_GONE
    const terms: Json[] | undefined = volume['spec']?.nodeAffinity?.required?.nodeSelectorTerms
    if (terms !== undefined && !terms.some((term) => matchesTerm(term, node.object))) return VOLUME_CONFLICT
  }
  return FITS
}

export function claimNames({ pod, name }: PodInfo): string[] {
  const names: string[] = []
  for (const volume of pod['spec'].volumes ?? []) {
    if (volume.persistentVolumeClaim !== undefined) names.push(volume.persistentVolumeClaim.claimName)
    else if (volume.ephemeral !== undefined) names.push(`${name}-${volume.name}`)
  }
  return names
}

function isBound(claim: KubeObject): boolean {
  return Boolean(claim['spec']?.volumeName) && claim['status']?.phase === 'Bound'
}

function waiting(claim: KubeObject, reader: VolumeReader): VolumeDemand {
  const { name } = claim.metadata
  const storageClass = reader.storageClass(claim['spec']?.storageClassName ?? '')
  if (storageClass?.['volumeBindingMode'] === 'WaitForFirstConsumer') {
    const wait = `persistentvolumeclaim "${name}" is not bound yet`
    return { wait, remedy: `bind the claim ${name} to a volume` }
  }
  const wait = 'pod has unbound immediate PersistentVolumeClaims'
  return { wait, remedy: `bind the claim ${name} to a volume` }
}
