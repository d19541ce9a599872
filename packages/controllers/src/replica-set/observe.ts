// A ReplicaSet or ReplicationController with the pods that are, or could become, its own.

import type { KubeObject } from '@brume/api/object'
import { deepFreeze } from '@brume/base/values'
import { controllerOf, type OwnedObjects } from '../pod-control/owner.ts'

export interface ObservedReplicaSet {
  replicaSet: KubeObject
  /** Those it controls, in whatever state. */
  owned: readonly KubeObject[]
  /** Of its namespace, controlled by nobody. */
  orphans: readonly KubeObject[]
  /** Pods of all ReplicaSets of the same Deployment: how crowded nodes are. */
  related: readonly KubeObject[]
  /** Why the last round could not make or delete pods. */
  failure?: string
}

export interface ReplicaSetView {
  get(key: string): KubeObject | undefined
  siblings(owner: string): readonly KubeObject[]
  pods: OwnedObjects
  failures: ReadonlyMap<string, string>
}

export function observeReplicaSet(view: ReplicaSetView, key: string): ObservedReplicaSet | undefined {
  const replicaSet = view.get(key)
  if (replicaSet === undefined) return undefined
  const { uid, namespace } = replicaSet.metadata
  const deployment = controllerOf(replicaSet)?.uid
  const owned = view.pods.ownedBy(uid!)
  const family = deployment === undefined ? [replicaSet] : view.siblings(deployment)
  const related =
    family.length <= 1 ? owned : family.flatMap(({ metadata }) => view.pods.ownedBy(metadata.uid!))
  const failure = view.failures.get(uid!)
  return deepFreeze({
    replicaSet,
    owned,
    orphans: view.pods.orphans(namespace!),
    related,
    ...(failure === undefined ? {} : { failure }),
  })
}
