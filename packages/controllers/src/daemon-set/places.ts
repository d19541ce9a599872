// What each node needs, whatever the update strategy: a pod where there should be one and is none, and none where there
// should not be one.

import type { KubeObject } from '@brume/api/object'
import { isLeaving } from '../pod-control/owner.ts'
import { isAvailable, isFinished, isReady, phaseOf } from '../pod-control/pod-state.ts'
import { isOfRevision } from './daemon-pod.ts'
import type { Fit } from './node-fit.ts'
import { boundsOf } from './status.ts'

export interface Place {
  node: string
  fit: Fit
  /** Oldest first, also those that are being deleted. */
  pods: readonly KubeObject[]
}

export interface Places {
  set: KubeObject
  places: readonly Place[]
  revision: KubeObject
  failedUntil: ReadonlyMap<string, number>
}

export interface Moves {
  create: string[]
  remove: KubeObject[]
  /** Pods that ended: deleted, so that others take their place. */
  finished: { pod: KubeObject; node: string }[]
  /** Until a failed pod may be replaced. */
  waitMs?: number
}

export function decidePlaces({ set, places, revision, failedUntil }: Places, now: number): Moves {
  const moves: Moves = { create: [], remove: [], finished: [] }
  const surge = boundsOf(set, places).surge > 0
  for (const { node, fit, pods } of places) {
    const staying = pods.filter((pod) => !isLeaving(pod))
    if (!fit.stay) moves.remove.push(...staying)
    else if (fit.run && pods.length === 0) moves.create.push(node)
    if (!fit.stay) continue
    for (const pod of staying.filter(isFinished)) {
      const waitMs = phaseOf(pod) === 'Failed' ? (failedUntil.get(node) ?? 0) - now : 0
      if (waitMs <= 0) moves.finished.push({ pod, node })
      else moves.waitMs = Math.min(waitMs, moves.waitMs ?? waitMs)
    }
    const running = staying.filter((pod) => !isFinished(pod))
    moves.remove.push(...(surge ? surplusOfSurge({ set, revision }, running, now) : running.slice(1)))
  }
  return moves
}

/** Of each version the oldest stays; the old version goes when the new one is available, or it is not ready itself. */
function surplusOfSurge(
  { set, revision }: Pick<Places, 'set' | 'revision'>,
  running: readonly KubeObject[],
  now: number,
): KubeObject[] {
  const [next, ...moreNext] = running.filter((pod) => isOfRevision(pod, revision))
  const [old, ...moreOld] = running.filter((pod) => !isOfRevision(pod, revision))
  const surplus = [...moreNext, ...moreOld]
  if (next === undefined || old === undefined) return surplus
  const isDone = !isReady(old) || isAvailable(next, set['spec'].minReadySeconds ?? 0, now)
  return isDone ? [...surplus, old] : surplus
}
