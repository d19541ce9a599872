// What authorizers and admission plugins may see of the state: objects of the storage version, from memory, frozen
// and shared. They never see the store.

import type { KubeObject } from '@brume/api/object'

export interface ObjectReader {
  /** Frozen and shared; undefined when it does not exist. `namespace` is '' for cluster-scoped kinds. */
  get(group: string, plural: string, namespace: string, name: string): KubeObject | undefined
  /** All of a namespace, or ('') of all namespaces. Frozen and shared. */
  list(group: string, plural: string, namespace: string): KubeObject[]
  /** Called after each durable change, in revision order. Must not throw. Returns the unsubscribe function. */
  onChange(group: string, plural: string, listener: (change: ObjectChange) => void): () => void
}

export interface ObjectChange {
  type: 'put' | 'delete'
  /** The new state; for a delete the last one. */
  object: KubeObject
  previous: KubeObject | undefined
}

/** Writes by the server itself (bootstrap objects, allocated addresses): same path as a user's, no authorization. */
export interface ObjectWriter {
  create(object: KubeObject): Promise<KubeObject>
  /** Compare-and-swap on metadata.resourceVersion. */
  update(object: KubeObject): Promise<KubeObject>
  delete(group: string, plural: string, namespace: string, name: string): Promise<void>
}
