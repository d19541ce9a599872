// Whom the kernel kills first when memory runs out: pods without requests, then those that use more than they asked
// for, guaranteed ones last. The formula is the kubelet's (pkg/kubelet/qos).

import { listOf } from '@brume/api/validate/json'
import { quantityValue } from '@brume/base/quantity'
import type { ContainerSpec, Pod } from '../contract.ts'
import { qosOf } from './qos.ts'

const GUARANTEED = -997
const BEST_EFFORT = 1000
const NODE_CRITICAL = 'system-node-critical'
const SYSTEM_CRITICAL_PRIORITY = 2_000_000_000
const STATIC_SOURCES = ['file', 'http']

/** -997 to 1000. */
export function oomScoreAdj(pod: Pod, container: ContainerSpec, memoryCapacityBytes: number): number {
  if (isNodeCritical(pod)) return GUARANTEED
  const qos = qosOf(pod)
  if (qos === 'Guaranteed') return GUARANTEED
  if (qos === 'BestEffort') return BEST_EFFORT
  const share = (requestBytes: number) => 1000 - Math.trunc((1000 * requestBytes) / memoryCapacityBytes)
  let score = share(memoryRequest(container))
  // A sidecar must not be killed before the containers that it serves.
  if (isSidecar(pod, container)) {
    const least = Math.min(...listOf(pod['spec'].containers).map(memoryRequest))
    score = Math.min(score, share(least))
  }
  if (score < 1000 + GUARANTEED) return 1000 + GUARANTEED
  return score === BEST_EFFORT ? score - 1 : score
}

function memoryRequest(container: ContainerSpec): number {
  return quantityValue(container['resources']?.requests?.memory ?? '0')
}

function isSidecar(pod: Pod, { name, restartPolicy }: ContainerSpec): boolean {
  return restartPolicy === 'Always' && listOf(pod['spec'].initContainers).some((init) => init.name === name)
}

function isNodeCritical(pod: Pod): boolean {
  const { priorityClassName, priority = 0 } = pod['spec']
  const source = pod.metadata.annotations?.['kubernetes.io/config.source'] ?? ''
  const critical = STATIC_SOURCES.includes(source) || priority >= SYSTEM_CRITICAL_PRIORITY
  return critical && priorityClassName === NODE_CRITICAL
}
