// One pod: bind it, tell others to go for it, or say why it waits.

import type { KubeObject } from '@brume/api/object'
import type { SeededRandom } from '@brume/base/seeded-random'
import type { Plan } from '@brume/client/controller'
import { refusalMessage } from '@brume/scheduler/explain'
import { type Nominated, type Placed, place, type Refused } from '@brume/scheduler/place'
import { findVictims, type Victims } from '@brume/scheduler/preemption'
import {
  AFFINITY,
  FITS,
  SPREAD,
  VOLUME_CONFLICT,
  VOLUME_GONE,
  VOLUME_UNAVAILABLE,
} from '@brume/scheduler/reasons'
import type { Snapshot } from '@brume/scheduler/snapshot'
import type { Waiting, WakeEvent } from './queue.ts'
import type { VolumeWait } from './volume-waits.ts'

export interface ObservedPod {
  /** A pod whose claims are bound now, or will not be. */
  volumeWait?: { wait: VolumeWait; isBound: boolean }
  /** undefined: nothing to place now. */
  waiting: Waiting | undefined
  /** It has a node, as far as we know: what came of its binding was never heard. */
  isAssumed?: boolean
  /** When there may be something, in milliseconds since the epoch. */
  nextDueMs: number | undefined
  snapshot: Snapshot
  nominated: Iterable<Nominated>
  budgets(): readonly KubeObject[]
  random: SeededRandom
}

export type SchedulingAction =
  | { type: 'bind'; waiting: Waiting; placed: Placed }
  | { type: 'again'; waiting: Waiting }
  | { type: 'verify'; waiting: Waiting }
  | { type: 'preempt'; waiting: Waiting; victims: Victims; message: string }
  | { type: 'refuse'; waiting: Waiting; message: string; helpedBy: ReadonlySet<WakeEvent> }

const VOLUME_REASONS: ReadonlySet<number> = new Set([VOLUME_CONFLICT, VOLUME_GONE, VOLUME_UNAVAILABLE])

export function decideScheduling(observed: ObservedPod, now: number): Plan<SchedulingAction> {
  const { volumeWait, waiting, nextDueMs } = observed
  if (volumeWait !== undefined) return { actions: [afterWait(volumeWait)], requeueAfterMs: 0 }
  if (waiting !== undefined) return { actions: [actionFor(waiting, observed)], requeueAfterMs: 0 }
  return nextDueMs === undefined
    ? { actions: [] }
    : { actions: [], requeueAfterMs: Math.max(1, nextDueMs - now) }
}

function afterWait({ wait, isBound }: { wait: VolumeWait; isBound: boolean }): SchedulingAction {
  const { waiting, placed } = wait
  return isBound ? { type: 'bind', waiting, placed } : { type: 'again', waiting }
}

function actionFor(waiting: Waiting, observed: ObservedPod): SchedulingAction {
  const { snapshot, nominated, budgets, random, isAssumed } = observed
  if (isAssumed) return { type: 'verify', waiting }
  const placed = place(waiting.info, snapshot, { random, nominated })
  if (placed.node !== undefined) return { type: 'bind', waiting, placed }
  const victims = findVictims(placed, snapshot, budgets())
  if (victims.node !== undefined) {
    return { type: 'preempt', waiting, victims, message: refusalMessage(placed, snapshot, '') }
  }
  const message = refusalMessage(placed, snapshot, victims.message)
  return { type: 'refuse', waiting, message, helpedBy: helpedBy(placed, snapshot) }
}

function helpedBy({ filtered }: Refused, snapshot: Snapshot): ReadonlySet<WakeEvent> {
  if (filtered.wait !== undefined) return new Set<WakeEvent>(['volume'])
  const events = new Set<WakeEvent>(['node'])
  for (const node of snapshot.nodes) {
    if (node === undefined) continue
    const code = filtered.codes[node.index]!
    if (code === FITS) continue
    if (snapshot.reasons.get(code).preemptable) events.add('podGone')
    if (code === AFFINITY || code === SPREAD) events.add('podCame')
    if (VOLUME_REASONS.has(code)) events.add('volume')
  }
  return events
}
