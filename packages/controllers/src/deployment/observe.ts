// A Deployment with its ReplicaSets and, for Recreate, their pods.

import type { KubeObject } from '@brume/api/object'
import { deepFreeze } from '@brume/base/values'
import type { OwnedObjects } from '../pod-control/owner.ts'
import { nameOfNew } from './revisions.ts'

export interface ObservedDeployment {
  deployment: KubeObject
  /** Those it controls. */
  owned: readonly KubeObject[]
  /** Of its namespace, controlled by nobody. */
  orphans: readonly KubeObject[]
  /** The ReplicaSet that has the name the next one would get, whoever's it is. */
  namesake?: KubeObject
  /** By uid of the ReplicaSet, of whatever state; empty unless the strategy is Recreate. */
  pods: ReadonlyMap<string, readonly KubeObject[]>
  /** Why the last round could not create a ReplicaSet. */
  failure?: string
}

export interface DeploymentView {
  deployment(key: string): KubeObject | undefined
  sets: OwnedObjects
  pods: OwnedObjects
  failures: ReadonlyMap<string, string>
}

export function observeDeployment(view: DeploymentView, key: string): ObservedDeployment | undefined {
  const deployment = view.deployment(key)
  if (deployment === undefined) return undefined
  const { uid, namespace } = deployment.metadata
  const owned = view.sets.ownedBy(uid!)
  const recreate = deployment['spec'].strategy?.type === 'Recreate'
  const pods = owned.map(({ metadata }) => [metadata.uid!, view.pods.ownedBy(metadata.uid!)] as const)
  const namesake = view.sets.get(`${namespace}/${nameOfNew(deployment)}`)
  const failure = view.failures.get(uid!)
  return deepFreeze({
    deployment,
    owned,
    orphans: view.sets.orphans(namespace!),
    pods: new Map(recreate ? pods : []),
    ...(namesake === undefined ? {} : { namesake }),
    ...(failure === undefined ? {} : { failure }),
  })
}
