// Status conditions of workloads.

import { formatTime } from '@brume/base/clock'

export interface Condition {
  type: string
  status: string
  reason?: string
  message?: string
  lastTransitionTime?: string
  lastUpdateTime?: string
}

export function findCondition(conditions: readonly Condition[], type: string): Condition | undefined {
  return conditions.find((condition) => condition.type === type)
}

export function withoutCondition(conditions: readonly Condition[], type: string): Condition[] {
  return conditions.filter((condition) => condition.type !== type)
}

/** A Deployment's condition that begins now. */
export function conditionAt(now: number, condition: Condition): Condition {
  return { lastUpdateTime: formatTime(now), lastTransitionTime: formatTime(now), ...condition }
}

/** Kubernetes' SetDeploymentCondition: the same status and reason change nothing; the same status keeps its time. */
export function setCondition(conditions: readonly Condition[], condition: Condition): Condition[] {
  const current = findCondition(conditions, condition.type)
  if (current?.status === condition.status && current.reason === condition.reason) return [...conditions]
  const since =
    current?.status === condition.status ? current.lastTransitionTime : condition.lastTransitionTime
  const next = { ...condition, ...(since === undefined ? {} : { lastTransitionTime: since }) }
  return [...withoutCondition(conditions, condition.type), next]
}
