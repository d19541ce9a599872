// What a node knows about itself and its pods' configurations depend on.

import type { ResourceList } from '@brume/api/quota/resource-list'
import type { Message } from '../cri/messages.ts'

export type DnsConfig = Required<Message<'DNSConfig'>>

export interface NodeSettings {
  /** The domain of Services, e.g. `cluster.local`. */
  clusterDomain: string
  /** The DNS server of the cloud's own names; none: ClusterFirst means what Default means. */
  clusterDns: readonly string[]
  /** What the node itself asks (parseResolvConf). */
  hostDns: DnsConfig
  /** The node's addresses, the first one first. */
  hostIps: readonly string[]
  /** Node.status.allocatable: the limits that the downward API tells where a container has none. */
  allocatable: ResourceList
  memoryCapacityBytes: number
  cgroups: CgroupSettings
  /** Directory of the profiles that seccompProfile.localhostProfile names. */
  seccompDir: string
  /** File of the profile of sandboxes' own processes. */
  sandboxProfile: string
  /** A container without a seccompProfile gets the runtime's; false: it is unconfined, as Kubernetes has it. */
  seccompDefault: boolean
  /** Directory of all pods' logs. */
  logsDir: string
}

export interface CgroupSettings {
  /** 2: all controllers are in the unified hierarchy; 1: also where the unified one is there without any. */
  version: 1 | 2
  /** Above all pods, as a path below the hierarchies' roots: `/brume/kubepods`. */
  root: string
  /** The kernel accounts swap. */
  swap: boolean
  /** As the runtime writes them: `2MB`, `1GB`; none where the hugetlb controller is not there. */
  hugePageSizes: readonly string[]
}
