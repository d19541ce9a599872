// Of the operations that a pod wants, those that may be begun now: not under way, and not held back by an earlier
// failure. Pure.

import { operationOf, type PodAction } from './actions.ts'
import type { PodPlan } from './decide.ts'
import type { Observed } from './records.ts'
import { setbackWait } from './setback.ts'

export function dueOf({ memory }: Observed, now: number, wanted: readonly PodAction[]): PodPlan {
  const idle = wanted.filter((action) => !memory.running.has(operationOf(action)))
  const waits = idle.map((action) => setbackWait(memory, operationOf(action), now))
  const actions = idle.filter((_, i) => waits[i] === 0)
  const held = waits.filter((wait) => wait > 0)
  return held.length === 0 ? { actions } : { actions, requeueAfterMs: Math.min(...held) }
}
