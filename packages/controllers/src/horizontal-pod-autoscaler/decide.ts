// One round of one autoscaler: measure, choose a size, bound it, and say so.

import type { KubeObject } from '@brume/api/object'
import { formatTime } from '@brume/base/clock'
import { deepEqual } from '@brume/base/values'
import type { Plan } from '@brume/client/controller'
import { type Condition, findCondition } from '../pod-control/conditions.ts'
import { type History, newHistory, rescaled } from './history.ts'
import { type Behavior, limit } from './limit.ts'
import type { MetricValues } from './metric-apis.ts'
import { proposals } from './proposals.ts'

export interface ObservedAutoscaler {
  autoscaler: KubeObject
  /** The target's scale, or why it cannot be read. */
  scale: KubeObject | string
  /** Those that the scale's selector selects. */
  pods: readonly KubeObject[]
  metrics: { items: readonly KubeObject[] } | { error: string }
  /** Of each metric of the spec that is not a resource's. */
  values: readonly (MetricValues | undefined)[]
  /** Why the selector is of no use; undefined: it is. */
  selectorProblem?: { event: string; reason: string; message: string }
  history: History | undefined
}

export type AutoscalerAction =
  | { type: 'remember'; autoscaler: KubeObject; history: History }
  | {
      type: 'scale'
      autoscaler: KubeObject
      scale: KubeObject
      replicas: number
      reason: string
      failed: object
    }
  | { type: 'setStatus'; autoscaler: KubeObject; status: object }
  | { type: 'say'; autoscaler: KubeObject; kind: 'Normal' | 'Warning'; reason: string; message: string }

/** Kubernetes' --horizontal-pod-autoscaler-sync-period. */
export const PERIOD_MS = 15_000

export function decideAutoscaler(observed: ObservedAutoscaler, now: number): Plan<AutoscalerAction> {
  const { scale } = observed
  const actions =
    typeof scale === 'string'
      ? unreadable(observed.autoscaler, scale, now)
      : sized({ ...observed, scale }, now)
  return { actions, requeueAfterMs: PERIOD_MS }
}

function unreadable(autoscaler: KubeObject, error: string, now: number): AutoscalerAction[] {
  const status = new Status(autoscaler, now)
  status.set('AbleToScale', false, {
    reason: 'FailedGetScale',
    message: `the HPA controller was unable to get the target's current scale: ${error}`,
  })
  return [...status.written(), warn(autoscaler, 'FailedGetScale', error)]
}

function sized(observed: ObservedAutoscaler & { scale: KubeObject }, now: number): AutoscalerAction[] {
  const { autoscaler, pods, metrics, values, selectorProblem, scale } = observed
  const { minReplicas: min = 1, maxReplicas: max, metrics: specs = [], behavior } = autoscaler['spec']
  const current: number = scale['spec']?.replicas ?? 0
  const status = new Status(autoscaler, now)
  status.set('AbleToScale', true, {
    reason: 'SucceededGetScale',
    message: "the HPA controller was able to get the target's current scale",
  })
  const change: Change = {
    autoscaler,
    status,
    scale,
    current,
    history: observed.history ?? newHistory(current, now),
  }
  if (current === 0 && min !== 0) {
    const message = 'scaling is disabled since the replica count of the target is zero'
    status.set('ScalingActive', false, { reason: 'ScalingDisabled', message })
    return unchanged(change, { desired: 0, statuses: [] })
  }
  if (current > max) {
    return resize(
      change,
      { desired: max, statuses: [], reason: 'Current number of replicas above Spec.MaxReplicas' },
      now,
    )
  }
  if (current < min) {
    return resize(
      change,
      { desired: min, statuses: [], reason: 'Current number of replicas below Spec.MinReplicas' },
      now,
    )
  }
  if (selectorProblem !== undefined) {
    const { reason, message, event } = selectorProblem
    status.set('ScalingActive', false, { reason, message })
    const said = event === 'SelectorRequired' ? 'selector is required' : message
    return [
      ...unchanged(change, { desired: autoscaler['status']?.desiredReplicas ?? 0, statuses: [] }),
      warn(autoscaler, event, said),
      warn(autoscaler, 'FailedComputeMetricsReplicas', said),
    ]
  }
  const { best, statuses, failures } = proposals(specs, {
    pods,
    metrics,
    values,
    namespace: autoscaler.metadata.namespace ?? '',
    currentReplicas: current,
    now,
  })
  const warnings = failures.map(({ reason, message }) => warn(autoscaler, reason, message))
  // With a metric missing, others may only ask for more.
  if (best === undefined || (failures.length > 0 && best.replicas < current)) {
    const { reason, message, whole } = failures[0]!
    status.set('ScalingActive', false, {
      reason,
      message: `the HPA was unable to compute the replica count: ${message}`,
    })
    const text = `invalid metrics (${failures.length} invalid out of ${specs.length}), first error is: ${whole}`
    return [
      ...unchanged(change, { desired: autoscaler['status']?.desiredReplicas ?? 0, statuses }),
      ...warnings,
      warn(autoscaler, 'FailedComputeMetricsReplicas', text),
    ]
  }
  status.set('ScalingActive', true, {
    reason: 'ValidMetricFound',
    message: `the HPA was able to successfully calculate a replica count from ${best.metric}`,
  })
  const reason =
    best.replicas > current
      ? `${best.metric} above target`
      : best.replicas < current
        ? 'All metrics below target'
        : ''
  const { history } = change
  const limited = limit(
    best.replicas,
    { current, min, max },
    { behavior: behaviorOf(behavior), history, now },
  )
  status.set('AbleToScale', true, limited.able)
  status.set('ScalingLimited', limited.limited.isLimited, limited.limited)
  change.history = limited.history
  const size = { desired: limited.replicas, statuses, reason }
  return [
    ...(limited.replicas === current ? unchanged(change, size) : resize(change, size, now)),
    ...warnings,
  ]
}

interface Change {
  autoscaler: KubeObject
  status: Status
  scale: KubeObject
  current: number
  history: History
}

function unchanged(
  { autoscaler, status, current, history }: Change,
  { desired, statuses }: { desired: number; statuses: object[] },
): AutoscalerAction[] {
  return [
    { type: 'remember', autoscaler, history },
    ...status.written({ currentReplicas: current, desiredReplicas: desired, currentMetrics: statuses }),
  ]
}

function resize(
  { autoscaler, status, scale, current, history }: Change,
  { desired, statuses, reason }: { desired: number; statuses: object[]; reason: string },
  now: number,
): AutoscalerAction[] {
  const behavior = behaviorOf(autoscaler['spec'].behavior)
  const size = { currentReplicas: current, currentMetrics: statuses }
  const failed = status.clone()
  const succeeded = status.clone()
  succeeded.set('AbleToScale', true, {
    reason: 'SucceededRescale',
    message: `the HPA controller was able to update the target scale to ${desired}`,
  })
  const after =
    behavior === undefined
      ? history
      : rescaled(
          history,
          { from: current, to: desired, now },
          { up: behavior.scaleUp, down: behavior.scaleDown },
        )
  const lastScaleTime = formatTime(now)
  return [
    { type: 'remember', autoscaler, history },
    { type: 'scale', autoscaler, scale, replicas: desired, reason, failed: failed.value(size) },
    { type: 'remember', autoscaler, history: after },
    ...succeeded.written({ ...size, desiredReplicas: desired, lastScaleTime }),
    {
      type: 'say',
      autoscaler,
      kind: 'Normal',
      reason: 'SuccessfulRescale',
      message: `New size: ${desired}; reason: ${reason}`,
    },
  ]
}

/** Absent parts of a behavior were given their defaults by the API. */
function behaviorOf(behavior: Partial<Behavior> | undefined): Behavior | undefined {
  return behavior === undefined ? undefined : { scaleUp: {}, scaleDown: {}, ...behavior }
}

function warn(autoscaler: KubeObject, reason: string, message: string): AutoscalerAction {
  return { type: 'say', autoscaler, kind: 'Warning', reason, message }
}

/** The status under way. A condition that stays keeps its time. */
class Status {
  readonly #autoscaler: KubeObject
  readonly #now: number
  #conditions: Condition[]

  constructor(autoscaler: KubeObject, now: number, conditions?: Condition[]) {
    this.#autoscaler = autoscaler
    this.#now = now
    this.#conditions = conditions ?? [...(autoscaler['status']?.conditions ?? [])]
  }

  clone(): Status {
    return new Status(this.#autoscaler, this.#now, [...this.#conditions])
  }

  set(type: string, value: boolean, { reason, message }: { reason: string; message: string }): void {
    const status = value ? 'True' : 'False'
    const known = findCondition(this.#conditions, type)
    const lastTransitionTime = known?.status === status ? known.lastTransitionTime! : formatTime(this.#now)
    const next = { type, status, lastTransitionTime, reason, message }
    this.#conditions =
      known === undefined
        ? [...this.#conditions, next]
        : this.#conditions.map((condition) => (condition === known ? next : condition))
  }

  value(fields: object = {}): object {
    const { observedGeneration: _, ...before } = this.#autoscaler['status'] ?? {}
    return { desiredReplicas: 0, ...before, ...fields, conditions: this.#conditions }
  }

  written(fields: object = {}): AutoscalerAction[] {
    const status = this.value(fields)
    if (deepEqual(status, this.#autoscaler['status'])) return []
    return [{ type: 'setStatus', autoscaler: this.#autoscaler, status }]
  }
}
