// Keeps the served kinds in step with the CRDs that are established.

import type { KubeObject } from '@brume/api/object'
import { deepEqual } from '@brume/base/values'
import type { ObjectReader } from '../registry/reader.ts'
import type { ResourceRegistry } from '../registry/resources.ts'
import { definitionsOf } from './definitions.ts'
import type { CrdHooks } from './hooks.ts'

const GROUP = 'apiextensions.k8s.io'
const PLURAL = 'customresourcedefinitions'

export interface CrdWatchParts {
  reader: ObjectReader
  registry: ResourceRegistry
  hooks?: CrdHooks
}

/**
 * Serves the established CRDs from now on, synchronously with each change. A change that does not matter to what is
 * served leaves the registry alone. Returns the function that stops following.
 */
export function watchCrds({ reader, registry, hooks }: CrdWatchParts): () => void {
  const served = new Map<string, object>()
  const follow = (crd: KubeObject) => {
    const name = crd.metadata.name!
    if (!isEstablished(crd)) return drop(name)
    const state = stateOf(crd)
    if (deepEqual(served.get(name), state)) return
    served.set(name, state)
    registry.setDynamic(name, definitionsOf(crd, hooks))
  }
  const drop = (name: string) => {
    if (served.delete(name)) registry.setDynamic(name, [])
  }
  const crds = reader.list(GROUP, PLURAL, '')
  for (const crd of [...crds].sort(byGroupAndName)) follow(crd)
  return reader.onChange(GROUP, PLURAL, ({ type, object }) => {
    if (type === 'delete') drop(object.metadata.name!)
    else follow(object)
  })
}

/** What of a CRD shows in what is served. */
function stateOf(crd: KubeObject): object {
  const conditions: { type: string; status: string }[] = crd['status']?.conditions ?? []
  const terminating = conditions.some((c) => c.type === 'Terminating' && c.status === 'True')
  return { spec: crd['spec'], names: crd['status']?.acceptedNames, terminating }
}

function isEstablished(crd: KubeObject): boolean {
  const conditions: { type: string; status: string }[] = crd['status']?.conditions ?? []
  return conditions.some((c) => c.type === 'Established' && c.status === 'True')
}

function byGroupAndName(a: KubeObject, b: KubeObject): number {
  const [left, right] = [`${a['spec'].group}/${a.metadata.name}`, `${b['spec'].group}/${b.metadata.name}`]
  return left < right ? -1 : left > right ? 1 : 0
}
