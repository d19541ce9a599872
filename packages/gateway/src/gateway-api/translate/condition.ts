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

/** The API allows more; nobody reads it. */
const MAX_MESSAGE = 2048

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

export interface Before {
  /** What the object says now. */
  before: readonly Condition[]
  /** Of the object. */
  generation: number | undefined
  now: number
}

/** A condition keeps its time while its status stays. */
export function conditionsOf(findings: readonly Finding[], { before, generation, now }: Before): Condition[] {
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

/** Those of types that are not ours are others' and stay. */
export function conditionsBesideOthers(findings: readonly Finding[], before: Before): Condition[] {
  const others = before.before.filter(({ type }) => !findings.some((finding) => finding.type === type))
  return [...conditionsOf(findings, before), ...others]
}
