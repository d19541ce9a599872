// How many pods of a budget may be disrupted now. Rules: Kubernetes' documentation of PodDisruptionBudgets.

import type { KubeObject } from '@brume/api/object'
import { formatTime } from '@brume/base/clock'
import { deepEqual } from '@brume/base/values'
import type { Plan } from '@brume/client/controller'
import type { EventText } from '@brume/client/event-recorder'
import { isLeaving } from '../pod-control/owner.ts'
import { isReady } from '../pod-control/pod-state.ts'
import type { Expected } from './expected.ts'

export interface ObservedBudget {
  budget: KubeObject
  pods: readonly KubeObject[]
  expected: Expected
}

export type BudgetAction =
  | { type: 'say'; about: KubeObject; text: EventText }
  | { type: 'setStatus'; budget: KubeObject; status: object }

/** How long an eviction that was granted may take to show as a deletion. */
const DELETION_TIMEOUT_MS = 2 * 60_000
/** What has no scale now may have one later, and says no word when that happens. */
const UNKNOWN_SCALE_RETRY_MS = 60_000

const CONDITION = 'DisruptionAllowed'

export function decideBudget(observed: ObservedBudget, now: number): Plan<BudgetAction> {
  const { budget, pods, expected } = observed
  const say = (reason: string, message: string, type: EventText['type'] = 'Normal'): BudgetAction => ({
    type: 'say',
    about: budget,
    text: { type, reason, message },
  })
  if ('why' in expected) {
    const status = failed(budget, expected.why, now)
    const changes = statusActions(budget, status)
    const message = `The number of expected pods could not be determined: ${expected.why}`
    const words = changes.length === 0 ? [] : [say('CalculateExpectedPodCountFailed', message, 'Warning')]
    return { actions: [...words, ...changes], requeueAfterMs: UNKNOWN_SCALE_RETRY_MS }
  }
  const { disrupted, overdue, nextMs } = disruptedPods(budget, pods, now)
  const healthy = pods.filter(
    (pod) => !isLeaving(pod) && isReady(pod) && !(pod.metadata.name! in disrupted),
  ).length
  const { total, desired } = wanted(budget['spec'], pods.length, expected.pods)
  const allowed = total <= 0 ? 0 : Math.max(0, healthy - desired)
  const status = {
    ...(Object.keys(disrupted).length === 0 ? {} : { disruptedPods: disrupted }),
    observedGeneration: budget.metadata.generation,
    disruptionsAllowed: allowed,
    currentHealthy: healthy,
    desiredHealthy: desired,
    expectedPods: total,
    conditions: conditions(
      budget,
      {
        status: allowed > 0 ? 'True' : 'False',
        reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
        message: '',
      },
      now,
    ),
  }
  const changes = statusActions(budget, status)
  const words: BudgetAction[] = overdue.map((pod) => ({
    type: 'say',
    about: { ...pod, apiVersion: 'v1', kind: 'Pod' },
    text: {
      type: 'Warning',
      reason: 'NotDeleted',
      message: `The budget ${budget.metadata.namespace}/${budget.metadata.name} expected this pod's deletion, which has not come`,
    },
  }))
  if (changes.length > 0) {
    if (pods.length === 0) words.push(say('NoPods', 'No matching pods found'))
    else if (expected.unmanaged.length > 0 && usesScale(budget['spec'])) {
      const message = `Nothing controls these pods, so they cannot be counted as expected: ${expected.unmanaged.join(', ')}. Set minAvailable to a number to cover them`
      words.push(say('UnmanagedPods', message, 'Warning'))
    }
  }
  return { actions: [...words, ...changes], ...(nextMs === undefined ? {} : { requeueAfterMs: nextMs }) }
}

/** Whether the number of expected pods is that of the controllers, rather than that of the pods there are. */
export function usesScale(spec: KubeObject['spec']): boolean {
  return isGiven(spec.maxUnavailable) || typeof spec.minAvailable === 'string'
}

/** A number, or a percentage of `total`, rounded up. */
export function scaled(value: number | string, total: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * total) / 100)
}

function wanted(
  spec: KubeObject['spec'],
  pods: number,
  expected: number,
): { total: number; desired: number } {
  const { maxUnavailable, minAvailable } = spec
  if (isGiven(maxUnavailable))
    return { total: expected, desired: Math.max(0, expected - scaled(maxUnavailable, expected)) }
  if (!isGiven(minAvailable)) return { total: 0, desired: 0 }
  const total = typeof minAvailable === 'number' ? pods : expected
  return { total, desired: scaled(minAvailable, total) }
}

interface Disrupted {
  disrupted: Record<string, string>
  /** They were to be deleted by now. */
  overdue: KubeObject[]
  nextMs?: number
}

function disruptedPods({ status }: KubeObject, pods: readonly KubeObject[], now: number): Disrupted {
  const granted: Record<string, string> = status?.disruptedPods ?? {}
  const result: Disrupted = { disrupted: {}, overdue: [] }
  for (const pod of pods) {
    const time = granted[pod.metadata.name!]
    if (time === undefined || isLeaving(pod)) continue
    const leftMs = Date.parse(time) + DELETION_TIMEOUT_MS - now
    if (leftMs <= 0) {
      result.overdue.push(pod)
    } else {
      result.disrupted[pod.metadata.name!] = time
      result.nextMs = Math.min(result.nextMs ?? leftMs, leftMs)
    }
  }
  return result
}

/** Nothing may be disrupted while it is not known how much there should be. */
function failed(budget: KubeObject, message: string, now: number): Record<string, unknown> {
  return {
    currentHealthy: 0,
    desiredHealthy: 0,
    expectedPods: 0,
    ...budget['status'],
    disruptionsAllowed: 0,
    conditions: conditions(budget, { status: 'False', reason: 'SyncFailed', message }, now),
  }
}

function conditions(
  { metadata, status }: KubeObject,
  condition: { status: string; reason: string; message: string },
  now: number,
): object[] {
  const all: { type: string; status: string; lastTransitionTime: string }[] = status?.conditions ?? []
  const last = all.find(({ type }) => type === CONDITION)
  const lastTransitionTime = last?.status === condition.status ? last.lastTransitionTime : formatTime(now)
  const next = {
    type: CONDITION,
    ...condition,
    observedGeneration: metadata.generation,
    lastTransitionTime,
  }
  return last === undefined ? [...all, next] : all.map((one) => (one === last ? next : one))
}

function statusActions(budget: KubeObject, status: object): BudgetAction[] {
  return deepEqual(budget['status'] ?? {}, status) ? [] : [{ type: 'setStatus', budget, status }]
}

function isGiven(value: unknown): value is number | string {
  return value !== undefined && value !== null
}
