// What keeps the node itself well: figures of what is used, eviction when it runs short, and tidying up.

import type { Hierarchy } from '../containers/hierarchies.ts'
import type { NodeContext, Pod } from '../contract.ts'
import { type EvictionOptions, type NodeEviction, startEviction } from '../eviction/eviction.ts'
import { startHousekeeping } from '../eviction/housekeeping.ts'
import { collectContainers } from '../images/container-gc.ts'
import { imageGc } from '../images/image-gc.ts'
import type { NodeProbes } from '../probes/probes.ts'
import { type NodeStats, nodeStats } from '../stats/node-stats.ts'
import { readFsUsage } from '../stats/node-usage.ts'
import { volumeUsages } from '../stats/volume-usage.ts'

export interface NodeCareOptions {
  hierarchies: readonly Hierarchy[]
  /** CgroupSettings.root. */
  cgroupRoot: string
  pods: { all(): Iterable<Pod>; get(uid: string): Pod | undefined }
  /** All pods of the node have been read: until then a pod that is not known may still be one. */
  arePodsKnown(): boolean
  probes: Pick<NodeProbes, 'counts'>
  condemn: EvictionOptions['condemn']
  eviction: EvictionOptions['settings']
  /** What runs short is something else than before. */
  onPressure(): void
  /** As in the Node's status. */
  version(): string
}

export interface NodeCare {
  documents: NodeStats['documents']
  pressure: NodeEviction['pressure']
  stop(): Promise<void>
}

export function startNodeCare(context: NodeContext, options: NodeCareOptions): NodeCare {
  const { hierarchies, cgroupRoot, pods, probes, condemn, onPressure, version } = options
  const isKnown = (uid: string) => !options.arePodsKnown() || pods.get(uid) !== undefined
  const images = imageGc(context, () => readFsUsage(context.dirs.containerd))
  const volumes = volumeUsages(context)
  const stats = nodeStats(context, {
    volumes,
    hierarchies,
    cgroupRoot,
    pods: () => pods.all(),
    probeCounts: () => probes.counts(),
    evictions: () => eviction.counts(),
    version,
  })
  const eviction = startEviction(context, {
    stats,
    volumes,
    pods: () => pods.all(),
    condemn,
    settings: options.eviction,
    imageGc: images,
    collectContainers: () => collectContainers(context, isKnown),
    onPressure,
  })
  const stopHousekeeping = startHousekeeping(context, { imageGc: images, isKnown })
  return {
    documents: stats.documents,
    pressure: () => eviction.pressure(),
    async stop() {
      await Promise.all([eviction.stop(), stopHousekeeping()])
    },
  }
}
