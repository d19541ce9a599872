// The arithmetic of a rollout: how many more, how many fewer (Kubernetes' deployment/util).

import type { KubeObject } from '@brume/api/object'

export const DESIRED = 'deployment.kubernetes.io/desired-replicas'
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas'

export const desiredOf = (object: KubeObject): number => object['spec'].replicas ?? 1
export const availableOf = (set: KubeObject): number => set['status']?.availableReplicas ?? 0
export const sum = (sets: readonly KubeObject[], of: (set: KubeObject) => number): number =>
  sets.reduce((total, set) => total + of(set), 0)

export interface Bounds {
  surge: number
  unavailable: number
}

/** Both in pods: surge rounded up, unavailable down, and never both zero. Of Recreate both are zero. */
export function boundsOf(deployment: KubeObject): Bounds {
  const { strategy } = deployment['spec']
  if (strategy?.type !== 'RollingUpdate') return { surge: 0, unavailable: 0 }
  const desired = desiredOf(deployment)
  const surge = scaled(strategy.rollingUpdate?.maxSurge ?? '25%', desired, Math.ceil)
  const unavailable = scaled(strategy.rollingUpdate?.maxUnavailable ?? '25%', desired, Math.floor)
  if (surge === 0 && unavailable === 0) return { surge, unavailable: Math.min(1, desired) }
  return { surge, unavailable: Math.min(unavailable, desired) }
}

/** A number, or a percentage of `total`. */
export function scaled(value: number | string, total: number, round: (n: number) => number): number {
  if (typeof value === 'number') return value
  return round((Number(value.replace('%', '')) * total) / 100)
}

/** The size of the new ReplicaSet as far as the surge allows. */
export function newSize(deployment: KubeObject, all: readonly KubeObject[], current: number): number {
  const desired = desiredOf(deployment)
  if (deployment['spec'].strategy?.type === 'Recreate') return desired
  const room = desired + boundsOf(deployment).surge - sum(all, desiredOf)
  if (room <= 0) return current
  return current + Math.min(room, desired - current)
}

/** New sizes by name, of those that shrink: first pods that are not available, then others as far as enough stay. */
export function shrinkOld(
  deployment: KubeObject,
  old: readonly KubeObject[],
  current: KubeObject,
): Map<string, number> {
  const sizes = new Map(old.map((set) => [set.metadata.name!, desiredOf(set)]))
  const least = desiredOf(deployment) - boundsOf(deployment).unavailable
  const all = [...old, current]
  const spare = sum(all, desiredOf) - least - (desiredOf(current) - staysAvailable(current))
  if (sum(old, desiredOf) === 0 || spare <= 0) return new Map()
  const byAge = [...old].sort(olderFirst)
  let unhealthy = spare
  for (const set of byAge) {
    const broken = Math.min(unhealthy, Math.max(0, desiredOf(set) - staysAvailable(set)))
    sizes.set(set.metadata.name!, desiredOf(set) - broken)
    unhealthy -= broken
  }
  let surplus = sum(all, staysAvailable) - least
  for (const { metadata } of byAge) {
    const down = Math.min(Math.max(0, surplus), sizes.get(metadata.name!)!)
    sizes.set(metadata.name!, sizes.get(metadata.name!)! - down)
    surplus -= down
  }
  return new Map(
    [...sizes].filter(([name, size]) => size !== desiredOf(old.find((s) => s.metadata.name === name)!)),
  )
}

/** Of a ReplicaSet that has just shrunk the status still counts the pods that go: they are not to be counted on. */
function staysAvailable(set: KubeObject): number {
  return Math.min(availableOf(set), desiredOf(set))
}

/** Scaling in the middle of a rollout: each ReplicaSet grows or shrinks in proportion, the largest takes the rest. */
export function proportionalSizes(
  deployment: KubeObject,
  active: readonly KubeObject[],
): Map<string, number> {
  const desired = desiredOf(deployment)
  const allowed = desired > 0 ? desired + boundsOf(deployment).surge : 0
  const toAdd = allowed - sum(active, desiredOf)
  const byAge = toAdd < 0 ? olderFirst : newerFirst
  const sorted = [...active].sort((a, b) => desiredOf(b) - desiredOf(a) || byAge(a, b))
  const sizes = new Map<string, number>()
  let added = 0
  for (const set of sorted) {
    const share = toAdd === 0 ? 0 : proportion(deployment, set, toAdd - added)
    sizes.set(set.metadata.name!, desiredOf(set) + share)
    added += share
  }
  const [largest] = sorted
  if (largest !== undefined && toAdd !== 0) {
    const { name } = largest.metadata
    sizes.set(name!, Math.max(0, sizes.get(name!)! + toAdd - added))
  }
  return sizes
}

function proportion(deployment: KubeObject, set: KubeObject, left: number): number {
  const size = desiredOf(set)
  if (size === 0 || left === 0) return 0
  const desired = desiredOf(deployment)
  if (desired === 0) return left > 0 ? 0 : Math.max(-size, left)
  const before = annotatedCount(set, MAX_REPLICAS) ?? deployment['status']?.replicas ?? 0
  const grown = before === 0 ? size : Math.round((size * (desired + boundsOf(deployment).surge)) / before)
  return left > 0 ? Math.min(grown - size, left) : Math.max(grown - size, left)
}

export function annotatedCount({ metadata }: KubeObject, name: string): number | undefined {
  const text = metadata.annotations?.[name]
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined
}

export function olderFirst(a: KubeObject, b: KubeObject): number {
  const [x, y] = [createdAt(a), createdAt(b)]
  if (x !== y) return x < y ? -1 : 1
  return a.metadata.name! < b.metadata.name! ? -1 : 1
}

export function newerFirst(a: KubeObject, b: KubeObject): number {
  const [x, y] = [createdAt(a), createdAt(b)]
  if (x !== y) return x > y ? -1 : 1
  return a.metadata.name! < b.metadata.name! ? -1 : 1
}

const createdAt = ({ metadata }: KubeObject): string => metadata.creationTimestamp ?? ''
