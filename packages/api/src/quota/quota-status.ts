// The status of a ResourceQuota: its limits, and how much of each is used by what is there.

import type { KubeObject } from '../object.ts'
import { addResources, maskResources, type ResourceList } from './resource-list.ts'
import { inScope } from './scopes.ts'
import { type GroupPlural, kindsCountedBy, resourcesAmong, usageOf } from './usage.ts'

export interface QuotaStatus {
  hard: ResourceList
  used: ResourceList
}

/** The objects of one kind in the quota's namespace. */
export type ListKind = (of: GroupPlural) => readonly KubeObject[]

/** `now`: milliseconds since the epoch. Resources that nothing counts for are used up to zero. */
export function quotaStatus(quota: KubeObject, list: ListKind, now: number): QuotaStatus {
  const hard: ResourceList = quota['spec']?.hard ?? {}
  const names = Object.keys(hard)
  let used: ResourceList = Object.fromEntries(names.map((name) => [name, '0']))
  for (const of of kindsCountedBy(names)) {
    const counted = resourcesAmong(of, names)
    for (const object of list(of)) {
      if (inScope(quota, of, object))
        used = addResources(used, maskResources(usageOf(of, object, now), counted))
    }
  }
  return { hard: { ...hard }, used }
}
