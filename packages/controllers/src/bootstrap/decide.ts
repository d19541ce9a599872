// What to write so that one of the objects that every cluster has is there.

import type { KubeObject } from '@brume/api/object'
import type { Plan } from '@brume/client/controller'
import type { ResourceRef } from '@brume/client/resource-ref'
import type { BootstrapObject } from './objects.ts'

export interface ObservedBootstrap {
  object: BootstrapObject
  existing: KubeObject | undefined
  /** Its namespace is there and stays; true for cluster-scoped objects. */
  namespaceReady: boolean
}

export interface BootstrapAction {
  type: 'create' | 'update' | 'delete'
  ref: ResourceRef
  object: KubeObject
}

/** An object whose namespace is missing waits for it: the namespace's event brings its key again. */
export function decideBootstrap({
  object,
  existing,
  namespaceReady,
}: ObservedBootstrap): Plan<BootstrapAction> {
  if (!namespaceReady || existing?.metadata.deletionTimestamp !== undefined) return { actions: [] }
  const { ref, reconcile, expected } = object
  const reconciliation = reconcile(existing, expected)
  switch (reconciliation.action) {
    case 'none':
      return { actions: [] }
    case 'create':
    case 'update':
      return { actions: [{ type: reconciliation.action, ref, object: reconciliation.object }] }
    case 'recreate':
      return {
        actions: [
          { type: 'delete', ref, object: existing! },
          { type: 'create', ref, object: reconciliation.object },
        ],
      }
  }
}
