// One look at everything that is used on this node.

import { join } from 'node:path'
import { setImmediate as giveWay } from 'node:timers/promises'
import { podCgroup } from '../containers/cgroup-config.ts'
import type { Hierarchy } from '../containers/hierarchies.ts'
import { CONTAINER_NAME, POD_UID, podLogDir } from '../containers/names.ts'
import type { NodeContext, Pod } from '../contract.ts'
import type { Container, Sandbox } from '../cri/cri.ts'
import { CONTAINER_RUNNING, SANDBOX_READY } from '../cri/enums.ts'
import { type CgroupUsage, processesIn, readCgroupUsage } from './cgroup-usage.ts'
import { type ClaimUsage, type ClaimUsages, claimUsages } from './claim-usage.ts'
import { type DirectoryUsage, directoryUsage } from './directory-usage.ts'
import { type InterfaceUsage, readNetworkUsage } from './network-usage.ts'
import { type FsUsage, type NodeUsage, readFsUsage, readNodeUsage } from './node-usage.ts'
import type { VolumeUsage, VolumeUsages } from './volume-usage.ts'

export interface ContainerSample {
  id: string
  name: string
  image: string
  createdAtMs: number
  cgroup: string
  usage: CgroupUsage
  /** What it wrote outside of its volumes. undefined: the runtime does not say. */
  writable: DirectoryUsage | undefined
  logs: DirectoryUsage
}

export interface PodSample {
  pod: Pod
  cgroup: string
  usage: CgroupUsage | undefined
  sandboxId: string
  /** None for a pod in the host's network. */
  network: InterfaceUsage[]
  containers: ContainerSample[]
  volumes: VolumeUsage
  claims: ClaimUsage[]
}

export interface Sample {
  /** Milliseconds since the epoch, and by a clock that nobody sets. */
  atMs: number
  steadyMs: number
  node: NodeUsage
  nodeFs: FsUsage
  imageFs: FsUsage
  /** All pods' group. */
  podsUsage: CgroupUsage | undefined
  network: InterfaceUsage[]
  pods: PodSample[]
}

export interface SampleOptions {
  context: Pick<NodeContext, 'cri' | 'clock' | 'dirs'>
  hierarchies: readonly Hierarchy[]
  /** CgroupSettings.root. */
  cgroupRoot: string
  pods(): Iterable<Pod>
  volumes: VolumeUsages
}

const NS_PER_MS = 1_000_000

/** What is remembered between samples. */
export interface SampleMemory {
  layers: WritableLayers
  claims: ClaimUsages
}

export function sampleMemory(context: Pick<NodeContext, 'cri' | 'logger'>): SampleMemory {
  return { layers: writableLayers(context), claims: claimUsages(context) }
}

export async function takeSample(options: SampleOptions, { layers, claims }: SampleMemory): Promise<Sample> {
  const { context, hierarchies, cgroupRoot } = options
  const { cri, clock, dirs } = context
  const [containers, sandboxes, nodeFs, imageFs, writable] = await Promise.all([
    cri.listContainers({ state: { state: CONTAINER_RUNNING } }),
    cri.listPodSandboxes({ state: { state: SANDBOX_READY } }),
    readFsUsage(dirs.root),
    readFsUsage(dirs.containerd).catch(() => readFsUsage(dirs.root)),
    layers.get(),
  ])
  claims.forgetOthers(new Set(containers.map(({ id = '' }) => id)))
  const containersOf = groupByPod(containers)
  const sandboxOf = groupByPod(sandboxes)
  const pods: PodSample[] = []
  for (const pod of options.pods()) {
    const uid = pod.metadata.uid ?? ''
    const sandbox = sandboxOf.get(uid)?.[0]
    if (sandbox === undefined) continue
    const own = containersOf.get(uid) ?? []
    pods.push(await samplePod(options, { pod, sandbox, containers: own, writable, claims }))
    await giveWay()
  }
  return {
    atMs: clock.now(),
    steadyMs: performance.now(),
    node: readNodeUsage(),
    nodeFs,
    imageFs,
    podsUsage: readCgroupUsage(hierarchies, cgroupRoot),
    // The other ends are counted with their pods.
    network: readNetworkUsage('self').filter(({ name }) => !name.startsWith('veth')),
    pods,
  }
}

async function samplePod(
  { context, hierarchies, cgroupRoot, volumes }: SampleOptions,
  of: {
    pod: Pod
    sandbox: Sandbox
    containers: readonly Container[]
    writable: ReadonlyMap<string, DirectoryUsage>
    claims: ClaimUsages
  },
): Promise<PodSample> {
  const { pod, sandbox, writable } = of
  const cgroup = podCgroup(cgroupRoot, pod)
  const sandboxId = sandbox.id ?? ''
  const containers: ContainerSample[] = []
  for (const { id = '', labels, image, createdAt = 0 } of of.containers) {
    const name = labels?.[CONTAINER_NAME] ?? ''
    const usage = readCgroupUsage(hierarchies, `${cgroup}/${id}`)
    if (usage === undefined) continue
    const logs = await directoryUsage(join(podLogDir(context.dirs.logs, pod), name))
    const path = `${cgroup}/${id}`
    const said = { id, name, image: image?.userSpecifiedImage || image?.image || '', cgroup: path }
    containers.push({ ...said, createdAtMs: createdAt / NS_PER_MS, usage, writable: writable.get(id), logs })
  }
  const isOnHost = pod['spec'].hostNetwork === true
  const [pid] = isOnHost ? [] : processesIn(hierarchies, `${cgroup}/${sandboxId}`)
  return {
    pod,
    cgroup,
    usage: readCgroupUsage(hierarchies, cgroup),
    sandboxId,
    network: pid === undefined ? [] : readNetworkUsage(pid),
    volumes: volumes.known(pod),
    claims: await of.claims.of(pod, new Map(containers.map(({ name, id }) => [name, id]))),
    containers: containers.sort((a, b) => (a.name < b.name ? -1 : 1)),
  }
}

function groupByPod<T extends { labels?: Record<string, string>; createdAt?: number }>(
  items: readonly T[],
): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const uid = item.labels?.[POD_UID] ?? ''
    groups.set(uid, [...(groups.get(uid) ?? []), item])
  }
  for (const group of groups.values()) group.sort((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0))
  return groups
}

/** By container id. The runtime asks each container's shim for it, so it is asked seldom. */
interface WritableLayers {
  get(): Promise<ReadonlyMap<string, DirectoryUsage>>
}

const LAYERS_EVERY_MS = 60_000

function writableLayers({ cri, logger }: Pick<NodeContext, 'cri' | 'logger'>): WritableLayers {
  let known: ReadonlyMap<string, DirectoryUsage> = new Map()
  let askedAt = Number.NEGATIVE_INFINITY
  return {
    async get() {
      if (performance.now() - askedAt < LAYERS_EVERY_MS) return known
      askedAt = performance.now()
      try {
        const stats = await cri.listContainerStats()
        known = new Map(
          stats.flatMap(({ attributes, writableLayer }) => {
            if (writableLayer === undefined) return []
            const { usedBytes, inodesUsed } = writableLayer
            return [
              [
                attributes?.id ?? '',
                { bytes: usedBytes?.value ?? 0, inodes: inodesUsed?.value ?? 0 },
              ] as const,
            ]
          }),
        )
      } catch (error) {
        logger.debug('the runtime did not say what containers have written', { error: String(error) })
      }
      return known
    },
  }
}
