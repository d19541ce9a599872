// One node as the snapshot keeps it.

import type { KubeObject } from '@brume/api/object'
import { GROUP, STRICT } from '@brume/api/placement'
import type { Taint } from './node-match.ts'
import type { HostPort, PodInfo } from './pod-info.ts'

export interface NodeEntry {
  /** Its place in every column of the snapshot. */
  readonly index: number
  readonly name: string
  object: KubeObject
  labels: Readonly<Record<string, string>>
  taints: readonly Taint[]
  cordoned: boolean
  group: string | undefined
  /** CPU is never promised beyond what there is. Nodes outside groups are plain Kubernetes, so they are strict. */
  strict: boolean
  /** Bytes of the images that are there, by every name they have. */
  images: ReadonlyMap<string, number>
  /** By uid. */
  readonly pods: Map<string, PodInfo>
  readonly ports: HostPort[]
}

export function nodeEntryOf(index: number, object: KubeObject): NodeEntry {
  const entry = { index, name: object.metadata.name!, pods: new Map(), ports: [] }
  return { ...entry, ...factsOf(object) }
}

/** What a Node object says; pods and ports stay. */
export function factsOf(
  object: KubeObject,
): Pick<NodeEntry, 'object' | 'labels' | 'taints' | 'cordoned' | 'group' | 'strict' | 'images'> {
  const labels = object.metadata.labels ?? {}
  const group = labels[GROUP]
  return {
    object,
    labels,
    taints: object['spec']?.taints ?? [],
    cordoned: object['spec']?.unschedulable === true,
    group,
    strict: group === undefined || labels[STRICT] === 'true',
    images: imagesOf(object),
  }
}

const ANY_IP = '0.0.0.0'

/** The same protocol and port on an address in common. */
export function portsClash(wanted: readonly HostPort[], taken: readonly HostPort[]): boolean {
  return wanted.some(({ ip, protocol, port }) =>
    taken.some(
      (other) =>
        other.port === port &&
        other.protocol === protocol &&
        (ip === other.ip || ip === ANY_IP || other.ip === ANY_IP),
    ),
  )
}

function imagesOf(object: KubeObject): ReadonlyMap<string, number> {
  const images = new Map<string, number>()
  for (const { names, sizeBytes } of object['status']?.images ?? []) {
    for (const name of names ?? []) images.set(name, sizeBytes ?? 0)
  }
  return images
}
