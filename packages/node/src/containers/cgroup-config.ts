// The control group of each pod: where it is and what is written into it. Guaranteed pods are directly below the root,
// the other classes have a group of their own, as with the kubelet (pkg/kubelet/cm).

import type { QosClass } from '@brume/api/kinds/core/pod/qos'
import { podLimits, podRequests } from '@brume/api/quota/pod-resources'
import { listOf } from '@brume/api/validate/json'
import { assert } from '@brume/base/assert'
import { isZeroQuantity, quantityMilliValue, quantityValue } from '@brume/base/quantity'
import type { Pod } from '../contract.ts'
import { qosOf } from './qos.ts'
import { CPU_PERIOD_MICROS, cpuQuota, cpuShares, MIN_SHARES } from './resources.ts'

const UID = /^[A-Za-z0-9_-]{1,128}$/

/** What is absent is left as it is. */
export interface CgroupValues {
  cpuShares?: number
  /** Microseconds of each 100 ms; -1: no limit. */
  cpuQuotaMicros?: number
  /** -1: no limit. */
  memoryBytes?: number
}

export const CPU_PERIOD = CPU_PERIOD_MICROS

/** `/brume/kubepods/burstable/podUID`. */
export function podCgroup(root: string, pod: Pod): string {
  const uid = pod.metadata.uid ?? ''
  assert(UID.test(uid), `a pod's uid is a name: ${uid}`)
  return `${qosCgroup(root, qosOf(pod))}/pod${uid}`
}

export function qosCgroup(root: string, qos: QosClass): string {
  return qos === 'Guaranteed' ? root : `${root}/${qos.toLowerCase()}`
}

/** Limits apply to a pod as a whole only where each of its containers has one. */
export function podCgroupValues(pod: Pod): CgroupValues {
  const qos = qosOf(pod)
  if (qos === 'BestEffort') return { cpuShares: MIN_SHARES }
  const limits = podLimits(pod)
  const containers = [...listOf(pod['spec'].containers), ...listOf(pod['spec'].initContainers)]
  const limited = (resource: string) =>
    containers.every(({ resources }) => !isZeroQuantity(resources?.limits?.[resource] ?? '0'))
  return {
    cpuShares: cpuShares(quantityMilliValue(podRequests(pod)['cpu'] ?? '0')),
    cpuQuotaMicros: limited('cpu') ? cpuQuota(quantityMilliValue(limits['cpu'] ?? '0')) : -1,
    memoryBytes: limited('memory') ? quantityValue(limits['memory'] ?? '0') : -1,
  }
}

/** cpu.shares of v1 as cpu.weight of v2 (KEP-2254). */
export function cpuWeight(shares: number): number {
  return Math.trunc(1 + ((shares - 2) * 9999) / 262_142)
}

/** The other way round; what the rounding took away stays away. */
export function sharesOfWeight(weight: number): number {
  return Math.ceil(2 + ((weight - 1) * 262_142) / 9999)
}
