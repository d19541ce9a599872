// Versions of one CRD: strategy None, by which only apiVersion changes, and each version's schema decides what of an
// object can be seen in it.

import type { KubeObject } from '@brume/api/object'
import { apiVersionOf, type ResourceDefinition } from '@brume/api/resource'
import { applyDefaults } from '@brume/api/structural/defaults'
import { prune } from '@brume/api/structural/prune'
import { deepClone } from '@brume/base/values'
import type { CrdHooks } from './hooks.ts'
import { structuralOf } from './structural.ts'

/** How `served` relates to the version in which its objects are stored. */
export function conversionOf(
  served: ResourceDefinition,
  storage: ResourceDefinition,
  hooks: CrdHooks,
): NonNullable<ResourceDefinition['conversion']> {
  return {
    storageGroup: storage.group,
    storageVersion: storage.version,
    fromStorage(object) {
      const converted = convert(object, served, hooks)
      applyDefaults(converted, structuralOf(served.schema).declared)
      return converted
    },
    toStorage(object) {
      const completed = deepClone(object)
      applyDefaults(completed, structuralOf(served.schema).declared)
      return convert(completed, storage, hooks)
    },
  }
}

function convert(object: KubeObject, to: ResourceDefinition, hooks: CrdHooks): KubeObject {
  const apiVersion = apiVersionOf(to.group, to.version)
  const converted = hooks.convert?.(object, apiVersion) ?? deepClone(object)
  converted.apiVersion = apiVersion
  prune(converted, structuralOf(to.schema).pruning)
  return converted
}
