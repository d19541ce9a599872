// HorizontalPodAutoscaler between autoscaling/v2, which is stored, and autoscaling/v1: what v1 has no field for
// travels in annotations, so that a v1 client that reads and writes loses nothing.

import type { KubeObject } from '../../object.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { cpuMetric, DEFAULT_CPU_UTILIZATION } from './defaults.ts'
import { metricFromV1, metricToV1, statusFromV1, statusToV1 } from './metric-conversion.ts'

export const METRICS = 'autoscaling.alpha.kubernetes.io/metrics'
export const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior'
export const CURRENT_METRICS = 'autoscaling.alpha.kubernetes.io/current-metrics'
export const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions'
const ROUND_TRIP = [METRICS, BEHAVIOR, CURRENT_METRICS, CONDITIONS]

export function toV1(stored: KubeObject): KubeObject {
  const { metrics, behavior, ...spec } = stored['spec'] ?? {}
  const { currentMetrics, conditions, ...status } = stored['status'] ?? {}
  const annotations = withoutRoundTrip(stored.metadata.annotations)
  const cpu = listOf(metrics).find(isCpuUtilization)
  const others = listOf(metrics).filter((metric) => metric !== cpu)
  if (cpu) spec.targetCPUUtilizationPercentage = cpu.resource.target.averageUtilization
  if (others.length > 0) annotations[METRICS] = JSON.stringify(others.map(metricToV1))
  if (behavior) annotations[BEHAVIOR] = JSON.stringify(capitalized(behavior))
  const statuses = listOf(currentMetrics)
  if (statuses.length > 0) annotations[CURRENT_METRICS] = JSON.stringify(statuses.map(statusToV1))
  if (listOf(conditions).length > 0) annotations[CONDITIONS] = JSON.stringify(conditions)
  const utilization = statuses.find((s) => s.type === 'Resource' && s.resource?.name === 'cpu')
  const current = utilization?.resource?.current?.averageUtilization
  if (typeof current === 'number') status.currentCPUUtilizationPercentage = current
  return {
    ...stored,
    apiVersion: 'autoscaling/v1',
    metadata: withAnnotations(stored, annotations),
    spec,
    status: { currentReplicas: 0, desiredReplicas: 0, ...status },
  }
}

export function fromV1(object: KubeObject): KubeObject {
  const { targetCPUUtilizationPercentage: target, ...spec } = object['spec'] ?? {}
  const { currentCPUUtilizationPercentage: current, ...status } = object['status'] ?? {}
  const given = object.metadata.annotations ?? {}
  const metrics: Json[] = typeof target === 'number' ? [cpuMetric(target)] : []
  metrics.push(...listOf(parsed(given[METRICS])).map(metricFromV1))
  spec.metrics = metrics.length > 0 ? metrics : [cpuMetric(DEFAULT_CPU_UTILIZATION)]
  const behavior = parsed(given[BEHAVIOR])
  if (behavior) spec.behavior = uncapitalized(behavior)
  const statuses = parsed(given[CURRENT_METRICS])
  if (statuses) status.currentMetrics = listOf(statuses).map(statusFromV1)
  else if (typeof current === 'number') {
    const resource = { name: 'cpu', current: { averageUtilization: current } }
    status.currentMetrics = [{ type: 'Resource', resource }]
  }
  const conditions = parsed(given[CONDITIONS])
  if (conditions) status.conditions = conditions
  return {
    ...object,
    apiVersion: 'autoscaling/v2',
    metadata: withAnnotations(object, withoutRoundTrip(given)),
    spec,
    status,
  }
}

function isCpuUtilization(metric: Json): boolean {
  const resource = metric.type === 'Resource' ? metric.resource : undefined
  return resource?.name === 'cpu' && typeof resource.target?.averageUtilization === 'number'
}

function withoutRoundTrip(annotations: Record<string, string> | undefined): Record<string, string> {
  const kept = { ...annotations }
  for (const key of ROUND_TRIP) delete kept[key]
  return kept
}

function withAnnotations(object: KubeObject, annotations: Record<string, string>): KubeObject['metadata'] {
  const { annotations: _, ...metadata } = object.metadata
  return Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations }
}

/** Text that is no JSON counts as absent: a person may have edited it. */
function parsed(text: string | undefined): Json {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Kubernetes keeps the behavior under the names of its internal type: `ScaleUp`, `Policies`... */
function capitalized(value: Json): Json {
  return renamed(value, (key) => key.charAt(0).toUpperCase() + key.slice(1))
}

function uncapitalized(value: Json): Json {
  return renamed(value, (key) => key.charAt(0).toLowerCase() + key.slice(1))
}

function renamed(value: Json, rename: (key: string) => string): Json {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename))
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).filter(([, item]) => item !== null)
  return Object.fromEntries(entries.map(([key, item]) => [rename(key), renamed(item, rename)]))
}
