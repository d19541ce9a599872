// What a failed pod means for its Job: the first rule of the Job's podFailurePolicy that matches (KEP-3329, KEP-3850).

import type { KubeObject } from '@brume/api/object'
import type { PodCondition } from '../pod-control/pod-state.ts'

export interface FailureVerdict {
  action: 'FailJob' | 'FailIndex' | 'Ignore' | 'Count'
  /** Of FailJob. */
  message?: string
}

interface ContainerStatus {
  name: string
  state?: { terminated?: { exitCode: number; finishedAt?: string } }
}

interface Rule {
  action: FailureVerdict['action']
  onExitCodes?: { containerName?: string; operator: 'In' | 'NotIn'; values: number[] }
  onPodConditions?: { type: string; status?: string }[]
}

export function judgeFailure(job: KubeObject, pod: KubeObject): FailureVerdict {
  const rules: Rule[] = job['spec'].podFailurePolicy?.rules ?? []
  for (const [i, rule] of rules.entries()) {
    const why = matchReason(rule, pod)
    if (why === undefined) continue
    if (rule.action !== 'FailJob') return { action: rule.action }
    return { action: 'FailJob', message: `${why} matching ${rule.action} rule at index ${i}` }
  }
  return { action: 'Count' }
}

export function containerStatuses({ status }: KubeObject): ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
}

function matchReason({ onExitCodes, onPodConditions }: Rule, pod: KubeObject): string | undefined {
  const { namespace, name } = pod.metadata
  if (onExitCodes !== undefined && onExitCodes !== null) {
    const { containerName, operator, values } = onExitCodes
    for (const { name: container, state } of containerStatuses(pod)) {
      const code = state?.terminated?.exitCode
      if (code === undefined || code === 0) continue
      if (containerName !== undefined && containerName !== container) continue
      if (values.includes(code) !== (operator === 'In')) continue
      return `Container ${container} for pod ${namespace}/${name} failed with exit code ${code}`
    }
    return undefined
  }
  const conditions: PodCondition[] = pod['status']?.conditions ?? []
  for (const { type, status = 'True' } of onPodConditions ?? []) {
    if (conditions.some((condition) => condition.type === type && condition.status === status)) {
      return `Pod ${namespace}/${name} has condition ${type}`
    }
  }
  return undefined
}
