// CPU and memory of containers as the kernel counts them. The formulas are the kubelet's (pkg/kubelet/cm/helpers_linux
// and kuberuntime): other figures would give the same pod another share here than elsewhere.

import type { ResourceList } from '@brume/api/quota/resource-list'
import { quantityMilliValue, quantityValue } from '@brume/base/quantity'
import type { ContainerSpec, Pod } from '../contract.ts'
import type { LinuxContainerResources } from '../cri/cri.ts'
import { hugePageLimits } from './huge-pages.ts'
import { oomScoreAdj } from './oom-score.ts'
import type { NodeSettings } from './settings.ts'

export const CPU_PERIOD_MICROS = 100_000
const MIN_QUOTA_MICROS = 1000
export const MIN_SHARES = 2
export const MAX_SHARES = 262_144
const SHARES_PER_CPU = 1024

export function containerResourcesOf(
  pod: Pod,
  container: ContainerSpec,
  settings: Pick<NodeSettings, 'memoryCapacityBytes' | 'cgroups'>,
): LinuxContainerResources {
  const { requests = {}, limits = {} } = container['resources'] ?? {}
  const resources = linuxResourcesOf(requests, limits, settings)
  const { version, swap, hugePageSizes } = settings.cgroups
  const sizes = hugePageLimits(limits, hugePageSizes)
  return {
    ...resources,
    oomScoreAdj: oomScoreAdj(pod, container, settings.memoryCapacityBytes),
    ...(sizes.length === 0 ? {} : { hugepageLimits: sizes }),
    // No swap beyond what a container without a limit has anyway.
    ...(swap && version === 1 ? { memorySwapLimitInBytes: resources.memoryLimitInBytes } : {}),
    ...(swap && version === 2 ? { unified: { ...resources.unified, 'memory.swap.max': '0' } } : {}),
  }
}

/** Shares by the request, else by the limit; a quota and a memory limit where there are limits. */
export function linuxResourcesOf(
  requests: ResourceList,
  limits: ResourceList,
  { cgroups }: Pick<NodeSettings, 'cgroups'>,
): LinuxContainerResources {
  const { cpu: cpuLimit = '0', memory = '0' } = limits
  const memoryLimitInBytes = quantityValue(memory)
  return {
    cpuPeriod: CPU_PERIOD_MICROS,
    cpuQuota: cpuQuota(quantityMilliValue(cpuLimit)),
    cpuShares: cpuShares(quantityMilliValue(requests['cpu'] ?? cpuLimit)),
    ...(memoryLimitInBytes === 0 ? {} : { memoryLimitInBytes }),
    // All processes of a container that is out of memory go together, not one of them somewhere in the middle.
    ...(cgroups.version === 2 ? { unified: { 'memory.oom.group': '1' } } : {}),
  }
}

/** Microseconds of each period; 0: no limit. */
export function cpuQuota(milliCpu: number): number {
  if (milliCpu === 0) return 0
  return Math.max(MIN_QUOTA_MICROS, Math.trunc((milliCpu * CPU_PERIOD_MICROS) / 1000))
}

export function cpuShares(milliCpu: number): number {
  const shares = Math.trunc((milliCpu * SHARES_PER_CPU) / 1000)
  return Math.min(MAX_SHARES, Math.max(MIN_SHARES, shares))
}
