// How full claims are, under the kubelet's names. A claim that several pods have mounted is told once.

import type { ClaimUsage } from './claim-usage.ts'
import type { Metric } from './exposition.ts'
import type { FsUsage } from './node-usage.ts'
import type { Sample } from './sample.ts'

const RULES: readonly { name: string; help: string; of(fs: FsUsage): number }[] = [
  {
    name: 'kubelet_volume_stats_capacity_bytes',
    help: 'Capacity in bytes of the volume',
    of: ({ capacityBytes }) => capacityBytes,
  },
  {
    name: 'kubelet_volume_stats_available_bytes',
    help: 'Number of available bytes in the volume',
    of: ({ availableBytes }) => availableBytes,
  },
  {
    name: 'kubelet_volume_stats_used_bytes',
    help: 'Number of used bytes in the volume',
    of: ({ usedBytes }) => usedBytes,
  },
  {
    name: 'kubelet_volume_stats_inodes',
    help: 'Maximum number of inodes in the volume',
    of: ({ inodes }) => inodes,
  },
  {
    name: 'kubelet_volume_stats_inodes_free',
    help: 'Number of free inodes in the volume',
    of: ({ inodesFree }) => inodesFree,
  },
  {
    name: 'kubelet_volume_stats_inodes_used',
    help: 'Number of used inodes in the volume',
    of: ({ inodes, inodesFree }) => inodes - inodesFree,
  },
]

export function claimMetrics({ pods }: Sample): Metric[] {
  const claims = new Map<string, ClaimUsage & { namespace: string }>()
  for (const { pod, claims: own } of pods) {
    const { namespace = '' } = pod.metadata
    for (const claim of own) claims.set(`${namespace}/${claim.claim}`, { ...claim, namespace })
  }
  return RULES.map(({ name, help, of }) => ({
    name,
    help,
    type: 'gauge',
    series: [...claims.values()].map(({ namespace, claim, fs }) => ({
      labels: { namespace, persistentvolumeclaim: claim },
      value: of(fs),
    })),
  }))
}
