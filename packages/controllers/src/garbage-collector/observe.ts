// Asks the server, not the graph, before anything is deleted: the graph may be behind.

import type { KubeObject, OwnerReference } from '@brume/api/object'
import { deepFreeze } from '@brume/base/values'
import type { Client } from '@brume/client/client'
import type { DiscoveredResource } from '@brume/client/discovery'
import { getIfPresent } from '@brume/client/writes'
import { FOREGROUND, type Graph, type GraphNode } from './graph.ts'

export type OwnerState =
  /** It is there and stays. */
  | 'solid'
  /** No such object, or another one of that name. */
  | 'absent'
  /** It is being deleted and waits for its dependents. */
  | 'waiting'
  /** A cluster-scoped object that names a namespaced owner. */
  | 'impossible'
  /** Its kind is not served: nothing can be said. */
  | 'unknown'

export interface ObservedOwner {
  reference: OwnerReference
  state: OwnerState
  /** The object of that uid lives in another namespace. */
  elsewhere: boolean
  /** The watches have shown it, so they will show its end too. */
  watched: boolean
}

export interface ObservedItem {
  task: 'delete' | 'orphan'
  node: GraphNode
  /** undefined: gone, or replaced by another object of that name. */
  latest: KubeObject | undefined
  owners: readonly ObservedOwner[]
  dependents: readonly GraphNode[]
  /** It waits for dependents that in the end wait for it. */
  waitsForItself: boolean
}

export interface ObserveOptions {
  client: Client
  graph: Graph
  served(): readonly DiscoveredResource[]
}

export async function observeItem(
  { client, graph, served }: ObserveOptions,
  key: string,
): Promise<ObservedItem | undefined> {
  const [task, uid] = key.split('/') as ['delete' | 'orphan', string]
  const node = graph.node(uid)
  if (node === undefined) return undefined
  const { resource, namespace, name } = node
  const found = await getIfPresent(client.resource(resource).metadata(), { namespace, name })
  const latest = found?.metadata.uid === uid ? found : undefined
  const references = task === 'delete' ? (latest?.metadata.ownerReferences ?? []) : []
  const owners: ObservedOwner[] = []
  for (const reference of references) {
    const at = graph.node(reference.uid)
    const elsewhere = at !== undefined && at.namespace !== '' && at.namespace !== namespace
    const state = await ownerState({ client, served }, reference, namespace)
    // Looked up after the server was asked: what has come meanwhile counts.
    owners.push({ reference, elsewhere, state, watched: graph.node(reference.uid) !== undefined })
  }
  const dependents = graph.dependentsOf(uid)
  const waitsForItself = node.deletingDependents && graph.waitsForItself(uid)
  return deepFreeze({ task, node: { ...node }, latest, owners, dependents, waitsForItself })
}

async function ownerState(
  { client, served }: Pick<ObserveOptions, 'client' | 'served'>,
  reference: OwnerReference,
  namespace: string,
): Promise<OwnerState> {
  const { apiVersion, kind, name, uid } = reference
  const resource = served().find((r) => r.kind === kind && apiVersionOf(r) === apiVersion)
  if (resource === undefined) return 'unknown'
  if (resource.namespaced && namespace === '') return 'impossible'
  const key = resource.namespaced ? { namespace, name } : { name }
  const owner = await getIfPresent(client.resource(resource).metadata(), key)
  if (owner === undefined || owner.metadata.uid !== uid) return 'absent'
  const waiting =
    owner.metadata.deletionTimestamp !== undefined && owner.metadata.finalizers?.includes(FOREGROUND)
  return waiting ? 'waiting' : 'solid'
}

function apiVersionOf({ group, version }: DiscoveredResource): string {
  return group === '' ? version : `${group}/${version}`
}
