// How many pods the metrics of pods, of other objects and of the world outside ask for. Pure. The sums are Kubernetes'
// (its documentation of the HorizontalPodAutoscaler, "Algorithm details").

import type { KubeObject } from '@brume/api/object'
import type { Json } from '@brume/api/validate/json'
import { quantityMilliValue } from '@brume/base/quantity'
import { podCondition, timeOf } from '../pod-control/pod-state.ts'
import { measure, type Sample, TOLERANCE } from './measure.ts'
import type { MetricValues } from './metric-apis.ts'
import { milliText } from './milli-text.ts'

export interface ValueOptions {
  values: MetricValues
  pods: readonly KubeObject[]
  namespace: string
  currentReplicas: number
  now: number
}

export type ValueProposal = { replicas: number; metric: string; status: Json } | { error: string }

/** Of an adapter that does not say over how long it measured. */
const USUAL_WINDOW_MS = 60_000

/** The average of the pods, with those that were not measured taken as for resources. */
export function podsProposal({ pods: source }: Json, options: ValueOptions): ValueProposal {
  const { metric, target } = source
  const { values, pods, currentReplicas, now } = options
  const failed = (why: string) => ({ error: `unable to get metric ${metric.name}: ${why}` })
  if ('error' in values) return failed(values.error)
  const samples = new Map(values.items.map((item) => [String(item['describedObject']?.name), sampleOf(item)]))
  if (samples.size === 0) return failed('no metrics returned from custom metrics API')
  const goal = { resource: '', averageValue: quantityMilliValue(String(target.averageValue)) }
  const measured = measure({ target: goal, pods, samples, currentReplicas, now })
  if ('error' in measured) return measured
  const current = { averageValue: milliText(measured.value) }
  const status = { type: 'Pods', pods: { metric, current } }
  return { replicas: measured.replicas, metric: `pods metric ${metric.name}`, status }
}

export function objectProposal({ object: source }: Json, options: ValueOptions): ValueProposal {
  const { metric, target, describedObject } = source
  const { values, namespace } = options
  if ('error' in values) {
    const { kind, name } = describedObject
    return { error: `unable to get metric ${metric.name}: ${kind} on ${namespace} ${name}/${values.error}` }
  }
  const sized = bySum(values.items, target, options, 'object')
  if ('error' in sized) return sized
  const status = { type: 'Object', object: { metric, describedObject, current: sized.current } }
  return { replicas: sized.replicas, metric: `${describedObject.kind} metric ${metric.name}`, status }
}

export function externalProposal({ external: source }: Json, options: ValueOptions): ValueProposal {
  const { metric, target } = source
  const { values, namespace } = options
  if ('error' in values) {
    const of = `${namespace}/${metric.name}/${selectorText(metric.selector)}`
    return { error: `unable to get external metric ${of}: ${values.error}` }
  }
  if (values.items.length === 0) {
    return {
      error: `unable to get external metric ${namespace}/${metric.name}: no metrics returned from external metrics API`,
    }
  }
  const sized = bySum(values.items, target, options, 'external')
  if ('error' in sized) return sized
  const status = { type: 'External', external: { metric, current: sized.current } }
  const name = `external metric ${metric.name}(${selectorText(metric.selector)})`
  return { replicas: sized.replicas, metric: name, status }
}

/** A value for all pods together: held against the whole target, or shared among the pods there are. */
function bySum(
  items: readonly KubeObject[],
  target: Json,
  { pods, currentReplicas }: ValueOptions,
  source: 'object' | 'external',
): { replicas: number; current: Json } | { error: string } {
  const total = items.reduce((sum, { value }) => sum + quantityMilliValue(String(value)), 0)
  if (target.averageValue !== undefined && (source === 'external' || target.type !== 'Value')) {
    const each = quantityMilliValue(String(target.averageValue))
    const ratio = total / (each * currentReplicas)
    const replicas = Math.abs(1 - ratio) <= TOLERANCE ? currentReplicas : Math.ceil(total / each)
    const average = currentReplicas === 0 ? 0 : Math.ceil(total / currentReplicas)
    return { replicas, current: { averageValue: milliText(average) } }
  }
  if (target.value !== undefined) {
    const ratio = total / quantityMilliValue(String(target.value))
    return { replicas: byRatio(ratio, { pods, currentReplicas }), current: { value: milliText(total) } }
  }
  return {
    error: `invalid ${source} metric source: neither a value target nor an average value target was set`,
  }
}

/** A ratio is held against the pods that serve. */
function byRatio(
  ratio: number,
  { pods, currentReplicas }: Pick<ValueOptions, 'pods' | 'currentReplicas'>,
): number {
  if (currentReplicas === 0) return Math.ceil(ratio)
  if (Math.abs(1 - ratio) <= TOLERANCE) return currentReplicas
  const ready = pods.filter(
    (pod) => pod['status']?.phase === 'Running' && podCondition(pod, 'Ready')?.status === 'True',
  )
  return Math.ceil(ratio * ready.length)
}

function sampleOf({ value, timestamp, windowSeconds, window }: KubeObject): Sample {
  const seconds = windowSeconds ?? window
  return {
    value: quantityMilliValue(String(value)),
    atMs: timeOf(timestamp) ?? 0,
    windowMs: typeof seconds === 'number' ? seconds * 1000 : USUAL_WINDOW_MS,
  }
}

/** As Go prints a LabelSelector. */
function selectorText(selector: Json): string {
  if (selector === undefined) return 'nil'
  const labels = Object.entries(selector.matchLabels ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${value},`)
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }: Json) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  )
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`
}
