// A DaemonSet with every node, its pods and its revisions.

import type { KubeObject } from '@brume/api/object'
import { deepFreeze } from '@brume/base/values'
import { revisionName } from '../pod-control/history.ts'
import type { OwnedObjects } from '../pod-control/owner.ts'

export interface ObservedDaemonSet {
  set: KubeObject
  nodes: readonly KubeObject[]
  owned: readonly KubeObject[]
  orphans: readonly KubeObject[]
  revisions: readonly KubeObject[]
  orphanRevisions: readonly KubeObject[]
  namesake?: KubeObject
  /** By node: until when (milliseconds since the epoch) a pod that failed there is left as it is. */
  failedUntil: ReadonlyMap<string, number>
}

export interface DaemonSetView {
  set(key: string): KubeObject | undefined
  nodes(): readonly KubeObject[]
  pods: OwnedObjects
  revisions: OwnedObjects
  failedUntil(uid: string): ReadonlyMap<string, number>
}

export function observeDaemonSet(view: DaemonSetView, key: string): ObservedDaemonSet | undefined {
  const set = view.set(key)
  if (set === undefined) return undefined
  const { uid, namespace } = set.metadata
  const namesake = view.revisions.get(`${namespace}/${revisionName(set)}`)
  return deepFreeze({
    set,
    nodes: view.nodes(),
    owned: view.pods.ownedBy(uid!),
    orphans: view.pods.orphans(namespace!),
    revisions: view.revisions.ownedBy(uid!),
    orphanRevisions: view.revisions.orphans(namespace!),
    failedUntil: new Map(view.failedUntil(uid!)),
    ...(namesake === undefined ? {} : { namesake }),
  })
}
