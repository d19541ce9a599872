// Which objects belong to an owner: those it controls and selects. What it selects and nobody controls is adopted, what
// it controls and no longer selects is let go (Kubernetes' controller reference rules).

import type { KubeObject } from '@brume/api/object'
import type { LabelSelector } from '@brume/api/selectors/label-selector'
import { isLeaving } from './owner.ts'

export interface Claim<T> {
  /** The owner's own, with those that are about to be adopted. */
  claimed: T[]
  adopt: T[]
  release: T[]
}

export interface Claimable<T> {
  owner: KubeObject
  selector: LabelSelector
  owned: readonly T[]
  orphans: readonly T[]
}

export function claim<T extends KubeObject>({ owner, selector, owned, orphans }: Claimable<T>): Claim<T> {
  const matches = ({ metadata }: T) => selector.matches(metadata.labels)
  const claimed = owned.filter(matches)
  if (isLeaving(owner)) return { claimed, adopt: [], release: [] }
  const adopt = orphans.filter((object) => !isLeaving(object) && matches(object))
  return { claimed: [...claimed, ...adopt], adopt, release: owned.filter((object) => !matches(object)) }
}
