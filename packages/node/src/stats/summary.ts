// A sample in the shape of the kubelet's /stats/summary (k8s.io/kubelet, pkg/apis/stats/v1alpha1). Pure.

import { formatTime } from '@brume/base/clock'
import type { CgroupUsage } from './cgroup-usage.ts'
import type { ClaimUsage } from './claim-usage.ts'
import type { DirectoryUsage } from './directory-usage.ts'
import type { InterfaceUsage } from './network-usage.ts'
import type { FsUsage } from './node-usage.ts'
import { type CpuRates, NODE } from './rates.ts'
import type { ContainerSample, PodSample, Sample } from './sample.ts'

/** Also what cgroup files measured is said for the time of the sample. */
export function summaryOf(nodeName: string, sample: Sample, rates: CpuRates): Record<string, unknown> {
  const time = formatTime(sample.atMs)
  const { node, nodeFs, imageFs } = sample
  return {
    node: {
      nodeName,
      startTime: formatTime(node.bootedAtMs),
      cpu: { time, ...rateOf(rates, NODE), usageCoreNanoSeconds: node.cpuNanos },
      memory: {
        time,
        availableBytes: Math.max(0, node.memoryCapacityBytes - node.workingSetBytes),
        usageBytes: node.memoryBytes,
        workingSetBytes: node.workingSetBytes,
        rssBytes: node.rssBytes,
        pageFaults: node.pageFaults,
        majorPageFaults: node.majorPageFaults,
      },
      ...(sample.podsUsage === undefined
        ? {}
        : {
            systemContainers: [
              { name: 'pods', startTime: formatTime(node.bootedAtMs), ...useOf(sample.podsUsage, time) },
            ],
          }),
      network: networkOf(sample.network, time),
      fs: fsOf(nodeFs, time),
      runtime: { imageFs: fsOf(imageFs, time), containerFs: fsOf(imageFs, time) },
      rlimit: { time, maxpid: node.maxProcesses, curproc: node.processes },
      swap: {
        time,
        swapAvailableBytes: node.swapFreeBytes,
        swapUsageBytes: node.swapTotalBytes - node.swapFreeBytes,
      },
    },
    pods: sample.pods.map((pod) => podOf(pod, sample, rates)),
  }
}

function podOf(of: PodSample, sample: Sample, rates: CpuRates): Record<string, unknown> {
  const { pod, usage, containers, network, volumes } = of
  const { name, namespace, uid = '' } = pod.metadata
  const time = formatTime(sample.atMs)
  const parts = [...containers.flatMap(({ writable, logs }) => [writable, logs]), ...volumes.values()]
  const bytes = parts.reduce((sum, part) => sum + (part?.bytes ?? 0), 0)
  const inodes = parts.reduce((sum, part) => sum + (part?.inodes ?? 0), 0)
  const volume = [
    ...[...volumes].map(([volumeName, used]) => volumeOf(volumeName, used, sample)),
    ...of.claims.map((claim) => claimOf(claim, namespace, time)),
  ]
  return {
    podRef: { name, namespace, uid },
    startTime: pod['status']?.startTime ?? time,
    containers: containers.map((container) => containerOf(container, sample, rates)),
    ...(usage === undefined ? {} : useOf(usage, time, rateOf(rates, uid))),
    ...(network.length === 0 ? {} : { network: networkOf(network, time) }),
    ...(volume.length === 0 ? {} : { volume }),
    'ephemeral-storage': { ...fsOf(sample.nodeFs, time), usedBytes: bytes, inodesUsed: inodes },
    ...(usage === undefined ? {} : { process_stats: { process_count: usage.processes } }),
  }
}

function claimOf({ volume, claim, fs }: ClaimUsage, namespace: string | undefined, time: string): object {
  return { ...fsOf(fs, time), name: volume, pvcRef: { name: claim, namespace } }
}

function volumeOf(name: string, { bytes, inodes }: DirectoryUsage, { nodeFs, atMs }: Sample): object {
  return { ...fsOf(nodeFs, formatTime(atMs)), usedBytes: bytes, inodesUsed: inodes, name }
}

function containerOf(of: ContainerSample, sample: Sample, rates: CpuRates): Record<string, unknown> {
  const time = formatTime(sample.atMs)
  const { writable, logs } = of
  return {
    name: of.name,
    startTime: formatTime(of.createdAtMs),
    ...useOf(of.usage, time, rateOf(rates, of.id)),
    ...(writable === undefined
      ? {}
      : {
          rootfs: { ...fsOf(sample.imageFs, time), usedBytes: writable.bytes, inodesUsed: writable.inodes },
        }),
    logs: { ...fsOf(sample.nodeFs, time), usedBytes: logs.bytes, inodesUsed: logs.inodes },
  }
}

function useOf(usage: CgroupUsage, time: string, rate: object = {}): Record<string, unknown> {
  const { memoryLimitBytes, workingSetBytes } = usage
  return {
    cpu: { time, ...rate, usageCoreNanoSeconds: usage.cpuNanos },
    memory: {
      time,
      ...(memoryLimitBytes === undefined
        ? {}
        : { availableBytes: Math.max(0, memoryLimitBytes - workingSetBytes) }),
      usageBytes: usage.memoryBytes,
      workingSetBytes,
      rssBytes: usage.rssBytes,
      pageFaults: usage.pageFaults,
      majorPageFaults: usage.majorPageFaults,
    },
    swap: { time, swapUsageBytes: usage.swapBytes },
  }
}

function rateOf(rates: CpuRates, key: string): { usageNanoCores?: number } {
  const usageNanoCores = rates.get(key)
  return usageNanoCores === undefined ? {} : { usageNanoCores }
}

function fsOf(fs: FsUsage, time: string): Record<string, unknown> {
  const { capacityBytes, availableBytes, usedBytes, inodes, inodesFree } = fs
  return {
    time,
    availableBytes,
    capacityBytes,
    usedBytes,
    inodesFree,
    inodes,
    inodesUsed: inodes - inodesFree,
  }
}

/** The first interface is the one that people mean. */
function networkOf(interfaces: readonly InterfaceUsage[], time: string): Record<string, unknown> {
  const told = interfaces.map(({ name, rxBytes, rxErrors, txBytes, txErrors }) => {
    return { name, rxBytes, rxErrors, txBytes, txErrors }
  })
  const main = told.find(({ name }) => name === 'eth0') ?? told[0]
  return { time, ...main, interfaces: told }
}
