// Conditions as the Gateway API has them: what is found, and how it becomes a status that changes only when the finding
// does.

import { formatTime } from '@brume/base/clock'

export interface Finding {
  type: string
  status: 'True' | 'False'
  reason: string
  /** Says what to do next when something is wrong. */
  message: string
}

export interface Condition extends Finding {
  observedGeneration?: number
  lastTransitionTime: string
}

export function yes(type: string, reason: string, message: string): Finding {
  return { type, status: 'True', reason, message }
}

export function no(type: string, reason: string, message: string): Finding {
  return { type, status: 'False', reason, message }
}

/** A condition keeps its time while its status stays. Messages are cut to what the API allows. */
export function conditionsOf(
  findings: readonly Finding[],
  { before, generation, now }: { before: readonly Condition[]; generation: number | undefined; now: number },
): Condition[] {
  return findings.map((finding) => {
    const old = before.find(({ type }) => type === finding.type)
    const kept = old !== undefined && old.status === finding.status
    return {
      ...finding,
      message: finding.message.slice(0, MAX_MESSAGE),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      lastTransitionTime: kept ? old.lastTransitionTime : formatTime(now),
    }
  })
}

const MAX_MESSAGE = 2048
