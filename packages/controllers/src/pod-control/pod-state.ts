// What a pod's status says: active, ready, available.

import type { KubeObject } from '@brume/api/object'
import { isLeaving } from './owner.ts'

export interface PodCondition {
  type: string
  status: string
  lastTransitionTime?: string | null
}

export function podCondition(pod: KubeObject, type: string): PodCondition | undefined {
  return (pod['status']?.conditions ?? []).find((condition: PodCondition) => condition.type === type)
}

export function phaseOf(pod: KubeObject): string {
  return pod['status']?.phase ?? ''
}

export function isFinished(pod: KubeObject): boolean {
  return phaseOf(pod) === 'Succeeded' || phaseOf(pod) === 'Failed'
}

/** It runs or will run: not finished and not being deleted. */
export function isActive(pod: KubeObject): boolean {
  return !isFinished(pod) && !isLeaving(pod)
}

export function isReady(pod: KubeObject): boolean {
  return podCondition(pod, 'Ready')?.status === 'True'
}

/** Milliseconds since the epoch; undefined when it is not ready, or since nobody knows when. */
export function readySince(pod: KubeObject): number | undefined {
  const condition = podCondition(pod, 'Ready')
  return condition?.status === 'True' ? timeOf(condition.lastTransitionTime) : undefined
}

/** Ready for `minReadySeconds`. */
export function isAvailable(pod: KubeObject, minReadySeconds: number, now: number): boolean {
  return availableInMs(pod, minReadySeconds, now) === 0
}

/** How long until a ready pod counts as available, if it stays ready; undefined: it is not ready. */
export function availableInMs(pod: KubeObject, minReadySeconds: number, now: number): number | undefined {
  if (!isReady(pod)) return undefined
  if (minReadySeconds <= 0) return 0
  const since = readySince(pod)
  return since === undefined ? undefined : Math.max(0, since + minReadySeconds * 1000 - now)
}

/** When the first of the pods that are ready becomes available. */
export function nextAvailableMs(
  pods: readonly KubeObject[],
  minReadySeconds: number,
  now: number,
): number | undefined {
  const waits = pods
    .map((pod) => availableInMs(pod, minReadySeconds, now))
    .filter((ms) => ms !== undefined && ms > 0)
  return waits.length === 0 ? undefined : Math.min(...(waits as number[]))
}

export function timeOf(text: string | null | undefined): number | undefined {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? undefined : time
}
