// Who owns whom, over all kinds: what was seen by watching. Pure: events go in, keys that need a look come out.

import type { OwnerReference } from '@brume/api/object'
import type { DiscoveredResource } from '@brume/client/discovery'
import type { ObjectMetadata } from '../metadata/monitors.ts'

export const FOREGROUND = 'foregroundDeletion'
export const ORPHAN = 'orphan'

export interface GraphNode {
  uid: string
  resource: DiscoveredResource
  namespace: string
  name: string
  resourceVersion: string
  owners: readonly OwnerReference[]
  deleting: boolean
  /** Being deleted, and waits until its dependents are gone. */
  deletingDependents: boolean
  /** Being deleted, and lets its dependents go first. */
  orphaning: boolean
}

/** `delete/UID`: see whether it must go. `orphan/UID`: let its dependents go. */
export type GraphKey = `delete/${string}` | `orphan/${string}`

export class Graph {
  readonly #nodes = new Map<string, GraphNode>()
  /** Owner's uid -> dependents' uids; the owner itself may be unknown. */
  readonly #dependents = new Map<string, Set<string>>()

  node(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid)
  }

  dependentsOf(uid: string): GraphNode[] {
    const uids = this.#dependents.get(uid) ?? []
    return [...uids].map((dependent) => this.#nodes.get(dependent)).filter((node) => node !== undefined)
  }

  /** Whether, of objects that wait for their dependents, this one waits for others that in the end wait for it. */
  waitsForItself(uid: string): boolean {
    const seen = new Set<string>()
    const ahead = [uid]
    for (let at = ahead.pop(); at !== undefined; at = ahead.pop()) {
      for (const dependent of this.dependentsOf(at)) {
        if (!dependent.deletingDependents || !blocks(dependent, at)) continue
        if (dependent.uid === uid) return true
        if (seen.has(dependent.uid)) continue
        seen.add(dependent.uid)
        ahead.push(dependent.uid)
      }
    }
    return false
  }

  get size(): number {
    return this.#nodes.size
  }

  *nodes(): IterableIterator<GraphNode> {
    yield* this.#nodes.values()
  }

  /** Records an object as it was last seen. */
  put(object: ObjectMetadata, resource: DiscoveredResource): GraphKey[] {
    const node = toNode(object, resource)
    const before = this.#nodes.get(node.uid)
    this.#nodes.set(node.uid, node)
    this.#link(node, before)
    const keys: GraphKey[] = []
    if (this.#ownersNeedLook(node, before)) keys.push(`delete/${node.uid}`)
    keys.push(...this.#ownersLeft(node, before))
    if (node.orphaning && !before?.orphaning) keys.push(`orphan/${node.uid}`)
    if (node.deletingDependents && !before?.deletingDependents) {
      keys.push(`delete/${node.uid}`)
      for (const dependent of this.dependentsOf(node.uid)) keys.push(`delete/${dependent.uid}`)
    }
    return keys
  }

  /** The object is gone: its dependents need a look, and so do owners that wait for it. */
  remove(uid: string): GraphKey[] {
    const node = this.#nodes.get(uid)
    if (node === undefined) return []
    this.#nodes.delete(uid)
    for (const owner of node.owners) this.#unlink(owner.uid, uid)
    const waiting = node.owners.filter((owner) => this.#nodes.get(owner.uid)?.deletingDependents)
    return [...this.dependentsOf(uid), ...waiting].map(({ uid }) => `delete/${uid}` as const)
  }

  #link(node: GraphNode, before: GraphNode | undefined): void {
    for (const { uid } of before?.owners ?? []) {
      if (!node.owners.some((owner) => owner.uid === uid)) this.#unlink(uid, node.uid)
    }
    for (const { uid } of node.owners) {
      const dependents = this.#dependents.get(uid)
      if (dependents === undefined) this.#dependents.set(uid, new Set([node.uid]))
      else dependents.add(node.uid)
    }
  }

  #unlink(owner: string, dependent: string): void {
    const dependents = this.#dependents.get(owner)
    dependents?.delete(dependent)
    if (dependents?.size === 0) this.#dependents.delete(owner)
  }

  /** A new object whose owners are not all known and staying, or a new owner of which that is so. */
  #ownersNeedLook(node: GraphNode, before: GraphNode | undefined): boolean {
    const known = new Set(before?.owners.map(({ uid }) => uid))
    return node.owners.some((owner) => {
      if (known.has(owner.uid)) return false
      const at = this.#nodes.get(owner.uid)
      return at === undefined || at.deletingDependents || !coincides(owner, at, node)
    })
  }

  /** Owners that wait for their dependents, when this one stopped holding them back. */
  #ownersLeft(node: GraphNode, before: GraphNode | undefined): GraphKey[] {
    const keys: GraphKey[] = []
    for (const old of before?.owners ?? []) {
      if (!this.#nodes.get(old.uid)?.deletingDependents) continue
      const now = node.owners.find(({ uid }) => uid === old.uid)
      if (now === undefined || (old.blockOwnerDeletion && !now.blockOwnerDeletion))
        keys.push(`delete/${old.uid}`)
    }
    return keys
  }
}

/** Whether the dependent holds back the deletion of an owner that waits for its dependents. */
export function blocks(dependent: GraphNode, owner: string): boolean {
  return dependent.owners.some(({ uid, blockOwnerDeletion }) => uid === owner && blockOwnerDeletion === true)
}

/** Whether the object with the reference's uid is the one that the reference, written on `dependent`, names. */
export function coincides(reference: OwnerReference, owner: GraphNode, dependent: GraphNode): boolean {
  if (reference.name !== owner.name || reference.kind !== owner.resource.kind) return false
  const slash = reference.apiVersion.indexOf('/')
  const group = slash < 0 ? '' : reference.apiVersion.slice(0, slash)
  if (group !== owner.resource.group) return false
  return owner.namespace === '' || owner.namespace === dependent.namespace
}

function toNode({ metadata }: ObjectMetadata, resource: DiscoveredResource): GraphNode {
  const deleting = metadata.deletionTimestamp !== undefined
  const finalizers = metadata.finalizers ?? []
  return {
    uid: metadata.uid,
    resource,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    resourceVersion: metadata.resourceVersion,
    owners: metadata.ownerReferences ?? [],
    deleting,
    deletingDependents: deleting && finalizers.includes(FOREGROUND),
    orphaning: deleting && finalizers.includes(ORPHAN),
  }
}
