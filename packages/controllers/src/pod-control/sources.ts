// Which owners an object's events wake: the one that controls it, and, when nobody does, all that would take it over.

import type { KubeObject } from '@brume/api/object'
import { deepEqual } from '@brume/base/values'
import { fromInformer, type Source } from '@brume/client/controller'
import type { Informer } from '@brume/client/informer'
import { keyOf } from '@brume/client/resource-ref'
import { controllerOf, type OwnerKind } from './owner.ts'

export interface OwnersOptions {
  owners: Informer
  kind: OwnerKind
  selects(owner: KubeObject, object: KubeObject): boolean
}

export function fromOwned(objects: Informer, options: OwnersOptions): Source {
  return fromInformer(objects, (object, previous) => {
    const keys = new Set<string>()
    for (const state of previous === undefined ? [object] : [object, previous]) {
      const owner = ownerOf(state, options)
      if (owner !== undefined) keys.add(keyOf(owner))
    }
    if (controllerOf(object) === undefined && (previous === undefined || isRelabelled(object, previous))) {
      for (const owner of options.owners.store.list(object.metadata.namespace ?? '')) {
        if (options.selects(owner, object)) keys.add(keyOf(owner))
      }
    }
    return keys
  })
}

/** The owner that controls an object, when it is known and of that kind. */
export function ownerOf(
  object: KubeObject,
  { owners, kind }: Pick<OwnersOptions, 'owners' | 'kind'>,
): KubeObject | undefined {
  const reference = controllerOf(object)
  if (reference === undefined || reference.kind !== kind.kind) return undefined
  if (groupOf(reference.apiVersion) !== groupOf(kind.apiVersion)) return undefined
  const owner = owners.store.get(object.metadata.namespace ?? '', reference.name)
  return owner?.metadata.uid === reference.uid ? owner : undefined
}

function isRelabelled({ metadata: a }: KubeObject, { metadata: b }: KubeObject): boolean {
  return !deepEqual(a.labels, b.labels) || !deepEqual(a.ownerReferences, b.ownerReferences)
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.split('/')[0]! : ''
}
