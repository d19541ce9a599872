// What to do about one object. Rules: Kubernetes' documentation of garbage collection, and KEP-2336 for owners in
// other namespaces.

import type { KubeObject, OwnerReference } from '@brume/api/object'
import type { Plan } from '@brume/client/controller'
import { blocks, FOREGROUND, type GraphNode, ORPHAN } from './graph.ts'
import type { ObservedItem, ObservedOwner } from './observe.ts'

/** The watch of the owner's kind is behind by that much at most, when it works. */
const UNWATCHED_RETRY_MS = 5_000

export type Propagation = 'Background' | 'Foreground' | 'Orphan'

export type CollectorAction =
  | { type: 'forget'; uid: string }
  | { type: 'look'; uid: string }
  | { type: 'delete'; node: GraphNode; resourceVersion: string | undefined; propagation: Propagation }
  | { type: 'setOwners'; node: GraphNode; resourceVersion: string | undefined; owners: OwnerReference[] }
  | { type: 'disown'; node: GraphNode; owner: string }
  | { type: 'setFinalizers'; node: GraphNode; resourceVersion: string | undefined; finalizers: string[] }
  | { type: 'unblock'; node: GraphNode; owners: OwnerReference[]; resourceVersion: string | undefined }
  | { type: 'warn'; node: GraphNode; message: string }

export function decideItem(item: ObservedItem): Plan<CollectorAction> {
  const { task, node, latest } = item
  if (latest === undefined) return { actions: [{ type: 'forget', uid: node.uid }] }
  if (task === 'orphan') return { actions: orphanActions(item, latest) }
  const actions = deleteActions(item, latest)
  return needsAnotherLook(item) ? { actions, requeueAfterMs: UNWATCHED_RETRY_MS } : { actions }
}

/**
 * An owner that is there, but that no watch has shown, may come and go between two lists of its kind: then nothing would
 * ever wake its dependent again.
 */
function needsAnotherLook({ owners }: ObservedItem): boolean {
  return owners.some(({ state, watched }) => (state === 'solid' || state === 'waiting') && !watched)
}

/** Dependents lose this owner; then it may go. */
function orphanActions({ node, dependents }: ObservedItem, latest: KubeObject): CollectorAction[] {
  if (latest.metadata.deletionTimestamp === undefined || !latest.metadata.finalizers?.includes(ORPHAN))
    return []
  const disowned = dependents.map((dependent) => ({
    type: 'disown' as const,
    node: dependent,
    owner: node.uid,
  }))
  return [...disowned, withoutFinalizer(node, latest, ORPHAN)]
}

function deleteActions(item: ObservedItem, latest: KubeObject): CollectorAction[] {
  const { node, owners, dependents } = item
  if (latest.metadata.deletionTimestamp !== undefined) {
    const waits = latest.metadata.finalizers?.includes(FOREGROUND) ?? false
    return waits ? foregroundActions(item, latest) : []
  }
  const warnings = owners.filter((o) => o.elsewhere || o.state === 'impossible').map((o) => warning(node, o))
  // Nothing can be said of such owners, so the object stays as it is.
  const undecided = owners.some(({ state }) => state === 'unknown' || state === 'impossible')
  if (owners.length === 0 || undecided) return warnings
  const solid = owners.filter(({ state }) => state === 'solid')
  const waiting = owners.filter(({ state }) => state === 'waiting')
  const resourceVersion = latest.metadata.resourceVersion
  if (solid.length > 0) {
    if (solid.length === owners.length) return warnings
    const kept = solid.map(({ reference }) => reference)
    return [...warnings, { type: 'setOwners', node, resourceVersion, owners: kept }]
  }
  if (waiting.length > 0 && dependents.length > 0) {
    // A dependent that itself waits for dependents could close a circle in which everyone waits.
    const circular = dependents.some((dependent) => dependent.deletingDependents)
    const unblocked = owners.map(({ reference }) => ({ ...reference, blockOwnerDeletion: false }))
    return [
      ...warnings,
      ...(circular ? [{ type: 'unblock' as const, node, owners: unblocked, resourceVersion }] : []),
      {
        type: 'delete',
        node,
        resourceVersion: circular ? undefined : resourceVersion,
        propagation: 'Foreground',
      },
    ]
  }
  return [...warnings, { type: 'delete', node, resourceVersion, propagation: propagationOf(latest) }]
}

/** The owner goes when no dependent that blocks it is left. */
function foregroundActions(
  { node, dependents, owners, waitsForItself }: ObservedItem,
  latest: KubeObject,
): CollectorAction[] {
  const blocking = dependents.filter((dependent) => blocks(dependent, node.uid))
  if (blocking.length === 0) return [withoutFinalizer(node, latest, FOREGROUND)]
  if (waitsForItself) {
    // All of the circle were deleted in the foreground: nobody would ever be first.
    const unblocked = owners.map(({ reference }) => ({ ...reference, blockOwnerDeletion: false }))
    return [{ type: 'unblock', node, owners: unblocked, resourceVersion: latest.metadata.resourceVersion }]
  }
  return blocking
    .filter((dependent) => !dependent.deletingDependents)
    .map(({ uid }) => ({ type: 'look' as const, uid }))
}

/** An object that asked for a policy by its finalizers keeps it. */
function propagationOf(latest: KubeObject): Propagation {
  const finalizers = latest.metadata.finalizers ?? []
  if (finalizers.includes(ORPHAN)) return 'Orphan'
  return finalizers.includes(FOREGROUND) ? 'Foreground' : 'Background'
}

function withoutFinalizer(node: GraphNode, latest: KubeObject, finalizer: string): CollectorAction {
  const finalizers = (latest.metadata.finalizers ?? []).filter((f) => f !== finalizer)
  return { type: 'setFinalizers', node, finalizers, resourceVersion: latest.metadata.resourceVersion }
}

/** The wording of Kubernetes' OwnerRefInvalidNamespace event. */
function warning(node: GraphNode, { reference }: ObservedOwner): CollectorAction {
  const { apiVersion, kind, name, uid } = reference
  const owner = `[${apiVersion}/${kind}, namespace: ${node.namespace}, name: ${name}, uid: ${uid}]`
  return { type: 'warn', node, message: `ownerRef ${owner} does not exist in namespace "${node.namespace}"` }
}
