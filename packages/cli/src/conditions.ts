// The conditions of an object's status.

import type { KubeObject } from '@brume/api/object'

export interface Condition {
  type: string
  status: string
  reason?: string
  message?: string
  lastTransitionTime?: string
}

export function conditionsOf({ status }: KubeObject): Condition[] {
  return status?.conditions ?? []
}

export function conditionOf(object: KubeObject, type: string): Condition | undefined {
  return conditionsOf(object).find((condition) => condition.type === type)
}
