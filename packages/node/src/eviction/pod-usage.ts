// What the pods of this node use of what can run short, and what they were promised. Pure.

import { podRequests } from '@brume/api/quota/pod-resources'
import { quantityValue } from '@brume/base/quantity'
import type { ContainerSpec, Pod } from '../contract.ts'
import type { PodSample } from '../stats/sample.ts'
import type { VolumeUsage } from '../stats/volume-usage.ts'
import type { Resource } from './signals.ts'

export interface ContainerUsage {
  name: string
  memoryBytes: number
  /** Writable layer and logs. */
  diskBytes: number
  inodes: number
}

export interface PodUsage {
  pod: Pod
  memoryBytes: number
  processes: number
  containers: ContainerUsage[]
  /** Volumes on the node's own disk, by name. */
  volumes: VolumeUsage
}

/** `volumes`: as just measured; default: as the sample knows them. */
export function podUsageOf(
  { pod, usage, containers, volumes: sampled }: PodSample,
  volumes: VolumeUsage = sampled,
): PodUsage {
  return {
    pod,
    memoryBytes: usage?.workingSetBytes ?? 0,
    processes: usage?.processes ?? 0,
    containers: containers.map(({ name, usage: own, writable, logs }) => ({
      name,
      memoryBytes: own.workingSetBytes,
      diskBytes: (writable?.bytes ?? 0) + logs.bytes,
      inodes: (writable?.inodes ?? 0) + logs.inodes,
    })),
    volumes,
  }
}

export function usedOf(usage: PodUsage, resource: Resource): number {
  const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, one) => total + one, 0)
  switch (resource) {
    case 'memory':
      return usage.memoryBytes
    case 'pids':
      return usage.processes
    case 'inodes':
      return (
        sum(usage.containers.map(({ inodes }) => inodes)) +
        sum([...usage.volumes.values()].map(({ inodes }) => inodes))
      )
    case 'ephemeral-storage':
      return (
        sum(usage.containers.map(({ diskBytes }) => diskBytes)) +
        sum([...usage.volumes.values()].map(({ bytes }) => bytes))
      )
  }
}

/** Nobody asks for inodes or processes. */
export function requestOf(pod: Pod, resource: Resource): number {
  if (resource === 'inodes' || resource === 'pids') return 0
  return quantityValue(podRequests(pod)[resource] ?? '0')
}

export function containerRequest(container: ContainerSpec, resource: Resource): string {
  return container['resources']?.requests?.[resource] ?? '0'
}
