// A StatefulSet with its pods, revisions and claims.

import type { KubeObject } from '@brume/api/object'
import { deepFreeze } from '@brume/base/values'
import { revisionName } from '../pod-control/history.ts'
import type { OwnedObjects } from '../pod-control/owner.ts'
import { claimsAt, ordinalOf, ordinalsOf } from './identity.ts'

export interface ObservedStatefulSet {
  set: KubeObject
  owned: readonly KubeObject[]
  /** Pods of its namespace that nobody controls. */
  orphans: readonly KubeObject[]
  revisions: readonly KubeObject[]
  orphanRevisions: readonly KubeObject[]
  /** The revision that has the name the next one would get. */
  namesake?: KubeObject
  /** By name: the claims of its ordinals and of its pods, as far as they exist. */
  claims: ReadonlyMap<string, KubeObject>
}

export interface StatefulSetView {
  set(key: string): KubeObject | undefined
  pods: OwnedObjects
  revisions: OwnedObjects
  claims: OwnedObjects
}

export function observeStatefulSet(view: StatefulSetView, key: string): ObservedStatefulSet | undefined {
  const set = view.set(key)
  if (set === undefined) return undefined
  const { uid, namespace } = set.metadata
  const owned = view.pods.ownedBy(uid!)
  const namesake = view.revisions.get(`${namespace}/${revisionName(set)}`)
  return deepFreeze({
    set,
    owned,
    orphans: view.pods.orphans(namespace!),
    revisions: view.revisions.ownedBy(uid!),
    orphanRevisions: view.revisions.orphans(namespace!),
    claims: claimsOf(view, set, owned),
    ...(namesake === undefined ? {} : { namesake }),
  })
}

function claimsOf(
  view: StatefulSetView,
  set: KubeObject,
  owned: readonly KubeObject[],
): Map<string, KubeObject> {
  const claims = new Map<string, KubeObject>()
  if ((set['spec'].volumeClaimTemplates ?? []).length === 0) return claims
  const [first, end] = ordinalsOf(set)
  const ordinals = new Set(Array.from({ length: end - first }, (_, index) => first + index))
  for (const pod of owned) {
    const ordinal = ordinalOf(set, pod)
    if (ordinal !== undefined) ordinals.add(ordinal)
  }
  for (const { metadata } of [...ordinals].flatMap((ordinal) => claimsAt(set, ordinal))) {
    const claim = view.claims.get(`${metadata.namespace}/${metadata.name}`)
    if (claim !== undefined) claims.set(metadata.name!, claim)
  }
  return claims
}
