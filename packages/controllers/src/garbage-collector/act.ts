// Each action is one call, and each names the state that it was decided on.

import { apiVersionOf } from '@brume/api/resource'
import { isStatus } from '@brume/base/errors'
import type { Client } from '@brume/client/client'
import type { Enqueue } from '@brume/client/controller'
import type { EventRecorder } from '@brume/client/event-recorder'
import { deleteIfPresent } from '@brume/client/writes'
import type { CollectorAction } from './decide.ts'
import type { Graph, GraphNode } from './graph.ts'

export interface ActOptions {
  client: Client
  graph: Graph
  events: EventRecorder
  enqueue: Enqueue
}

export async function actOnItem(
  { client, graph, events, enqueue }: ActOptions,
  action: CollectorAction,
): Promise<void> {
  switch (action.type) {
    case 'forget':
      for (const key of graph.remove(action.uid)) enqueue(key)
      return
    case 'look':
      enqueue(`delete/${action.uid}`)
      return
    case 'warn':
      return events.record(subject(action.node), {
        type: 'Warning',
        reason: 'OwnerRefInvalidNamespace',
        message: action.message,
      })
    case 'delete': {
      const { node, propagation, resourceVersion } = action
      await deleteIfPresent(client.resource(node.resource), node, {
        propagationPolicy: propagation,
        preconditions: { uid: node.uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
      })
      return
    }
    case 'setOwners':
    case 'unblock': {
      const { resourceVersion, owners } = action
      return patch(client, action.node, { resourceVersion, ownerReferences: owners })
    }
    case 'setFinalizers': {
      const { resourceVersion, finalizers } = action
      return patch(client, action.node, { resourceVersion, finalizers })
    }
    case 'disown':
      return disown(client, action.node, action.owner)
  }
}

/** Merge patches with uid and resourceVersion: refused with Conflict when the object is another one by now. */
async function patch(client: Client, node: GraphNode, metadata: Record<string, unknown>): Promise<void> {
  const body = { metadata: { uid: node.uid, ...metadata } }
  try {
    await client.resource(node.resource).metadata().patch(node, { type: 'merge', body })
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error
  }
}

/** The dependent's owners as they were last seen, without the one that lets go. */
async function disown(client: Client, node: GraphNode, owner: string): Promise<void> {
  const owners = node.owners.filter(({ uid }) => uid !== owner)
  return patch(client, node, { resourceVersion: node.resourceVersion, ownerReferences: owners })
}

function subject({ resource, namespace, name, uid }: GraphNode) {
  const { group, version, kind } = resource
  return { apiVersion: apiVersionOf(group, version), kind, metadata: { namespace, name, uid } }
}
