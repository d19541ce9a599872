// The status of a DaemonSet, counted by nodes.

import type { KubeObject } from '@brume/api/object'
import { isAvailable, isReady } from '../pod-control/pod-state.ts'
import { counted } from '../replica-set/status.ts'
import { isOfRevision } from './daemon-pod.ts'
import type { Place } from './places.ts'

export interface StatusOf {
  set: KubeObject
  places: readonly Place[]
  revision: KubeObject
}

export function daemonSetStatus({ set, places, revision }: StatusOf, now: number): Record<string, unknown> {
  const wanted = places.filter(({ fit }) => fit.run)
  const first = wanted.map(({ pods }) => pods[0]).filter((pod) => pod !== undefined)
  const available = first.filter((pod) => isAvailable(pod, set['spec'].minReadySeconds ?? 0, now)).length
  const { collisionCount, conditions } = set['status'] ?? {}
  return {
    currentNumberScheduled: first.length,
    numberMisscheduled: places.filter(({ fit, pods }) => !fit.run && pods.length > 0).length,
    desiredNumberScheduled: wanted.length,
    numberReady: first.filter(isReady).length,
    observedGeneration: set.metadata.generation,
    ...counted('updatedNumberScheduled', first.filter((pod) => isOfRevision(pod, revision)).length),
    ...counted('numberAvailable', available),
    ...counted('numberUnavailable', wanted.length - available),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...(conditions === undefined ? {} : { conditions }),
  }
}

/** In nodes, both rounded up; never both zero. */
export function boundsOf(set: KubeObject, places: readonly Place[]): { surge: number; unavailable: number } {
  const { maxSurge = 0, maxUnavailable = 1 } = set['spec'].updateStrategy?.rollingUpdate ?? {}
  const desired = places.filter(({ fit }) => fit.run).length
  const surge = inNodes(maxSurge, desired)
  const unavailable = inNodes(maxUnavailable, desired)
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable }
}

function inNodes(value: number | string, desired: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number(value.replace('%', '')) * desired) / 100)
}
