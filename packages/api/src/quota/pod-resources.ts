// What a pod asks for as a whole: its containers together, its init containers one after another, and the overhead of
// its runtime.

import type { KubeObject } from '../object.ts'
import { addResources, maxResources, type ResourceList } from './resource-list.ts'

// biome-ignore lint/suspicious/noExplicitAny: fields of a pod, checked by its schema
type Json = any

export function podRequests(pod: KubeObject): ResourceList {
  const total = totalOf(pod, 'requests')
  return addResources(total, pod['spec']?.overhead ?? {})
}

/** Overhead counts only where there is a limit at all. */
export function podLimits(pod: KubeObject): ResourceList {
  const total = totalOf(pod, 'limits')
  const overhead = Object.entries<string>(pod['spec']?.overhead ?? {}).filter(
    ([name]) => total[name] !== undefined,
  )
  return addResources(total, Object.fromEntries(overhead))
}

function totalOf(pod: KubeObject, field: 'requests' | 'limits'): ResourceList {
  const spec: Json = pod['spec'] ?? {}
  let total: ResourceList = {}
  for (const container of spec.containers ?? [])
    total = addResources(total, container.resources?.[field] ?? {})
  let sidecars: ResourceList = {}
  let initial: ResourceList = {}
  for (const container of spec.initContainers ?? []) {
    const own: ResourceList = container.resources?.[field] ?? {}
    const during = addResources(sidecars, own)
    // A sidecar keeps running beside everything that follows.
    if (container.restartPolicy === 'Always') {
      sidecars = during
      total = addResources(total, own)
    }
    initial = maxResources(initial, during)
  }
  return maxResources(total, initial)
}
