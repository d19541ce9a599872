// How many pods the measured use of a resource asks for (Kubernetes' documentation of the HorizontalPodAutoscaler:
// missing metrics and pods that are not yet ready dampen the answer in either direction).

import type { KubeObject } from '@brume/api/object'
import { quantityMilliValue } from '@brume/base/quantity'
import { podCondition, timeOf } from '../pod-control/pod-state.ts'

/** Thousandths of the resource's unit. */
export interface Sample {
  value: number
  atMs: number
  windowMs: number
}

/** By pod name. */
export type Samples = ReadonlyMap<string, Sample>

export interface Target {
  resource: string
  /** Only this container's use counts. */
  container?: string | undefined
  /** Percent of what is requested. */
  utilization?: number | undefined
  /** Thousandths. */
  averageValue?: number | undefined
}

export interface Measured {
  replicas: number
  /** Percent of what is requested, with a target of that kind. */
  utilization?: number
  /** Average of a pod, in thousandths. */
  value: number
}

export type Measurement = Measured | { error: string }

/** Changes by less than a tenth are not worth it. */
export const TOLERANCE = 0.1
/** A pod's use of CPU says little while it starts. */
const CPU_INITIALIZATION_MS = 300_000
const INITIAL_READINESS_MS = 30_000

export interface MeasureOptions {
  target: Target
  pods: readonly KubeObject[]
  samples: Samples
  currentReplicas: number
  now: number
}

export function measure({ target, pods, samples, currentReplicas, now }: MeasureOptions): Measurement {
  if (pods.length === 0) return { error: 'no pods returned by selector while calculating replica count' }
  const { ready, unready, missing } = group(pods, { samples, resource: target.resource, now })
  const values = new Map(ready.map((name) => [name, samples.get(name)!.value]))
  if (values.size === 0) {
    return { error: 'did not receive metrics for targeted pods (pods might be unready)' }
  }
  const requests = target.utilization === undefined ? undefined : requestsOf(pods, target)
  if (requests !== undefined && 'error' in requests) return requests
  const first = usageOf(values, target, requests?.byPod)
  if ('error' in first) return first
  const { ratio, ...report } = first
  const scaleUpWithUnready = unready.length > 0 && ratio > 1
  if (!scaleUpWithUnready && missing.length === 0) {
    const replicas = isClose(ratio) ? currentReplicas : Math.ceil(ratio * ready.length)
    return { ...report, replicas }
  }
  if (ratio < 1) for (const name of missing) values.set(name, fallback(name, target, requests?.byPod))
  else if (ratio > 1) for (const name of missing) values.set(name, 0)
  if (scaleUpWithUnready) for (const name of unready) values.set(name, 0)
  const second = usageOf(values, target, requests?.byPod)
  if ('error' in second) return second
  const turns = (ratio < 1 && second.ratio > 1) || (ratio > 1 && second.ratio < 1)
  if (isClose(second.ratio) || turns) return { ...report, replicas: currentReplicas }
  const replicas = Math.ceil(second.ratio * values.size)
  const isBackwards =
    (second.ratio < 1 && replicas > currentReplicas) || (second.ratio > 1 && replicas < currentReplicas)
  return { ...report, replicas: isBackwards ? currentReplicas : replicas }
}

const isClose = (ratio: number) => Math.abs(1 - ratio) <= TOLERANCE

/** Pods that fail or leave count for nothing. */
function group(
  pods: readonly KubeObject[],
  { samples, resource, now }: { samples: Samples; resource: string; now: number },
): Record<'ready' | 'unready' | 'missing', string[]> {
  const groups: Record<'ready' | 'unready' | 'missing', string[]> = { ready: [], unready: [], missing: [] }
  for (const pod of pods) {
    const name = pod.metadata.name!
    const phase = pod['status']?.phase
    if (pod.metadata.deletionTimestamp !== undefined || phase === 'Failed') continue
    const sample = samples.get(name)
    if (phase === 'Pending') groups.unready.push(name)
    else if (sample === undefined) groups.missing.push(name)
    else if (resource === 'cpu' && isStarting(pod, sample, now)) groups.unready.push(name)
    else groups.ready.push(name)
  }
  return groups
}

function isStarting(pod: KubeObject, sample: Sample, now: number): boolean {
  const condition = podCondition(pod, 'Ready')
  const startedAt = timeOf(pod['status']?.startTime)
  if (condition === undefined || startedAt === undefined) return true
  const changedAt = timeOf(condition.lastTransitionTime) ?? 0
  const isUnready = condition.status === 'False'
  if (startedAt + CPU_INITIALIZATION_MS > now) return isUnready || sample.atMs < changedAt + sample.windowMs
  // It has never been ready.
  return isUnready && startedAt + INITIAL_READINESS_MS > changedAt
}

interface Usage {
  ratio: number
  utilization?: number
  value: number
}

function usageOf(
  values: ReadonlyMap<string, number>,
  target: Target,
  requests: ReadonlyMap<string, number> | undefined,
): Usage | { error: string } {
  if (requests === undefined) {
    const value = Math.trunc(sum(values.values()) / values.size)
    return { ratio: value / target.averageValue!, value }
  }
  const known = [...values].filter(([name]) => requests.has(name))
  const used = sum(known.map(([, value]) => value))
  const requested = sum(known.map(([name]) => requests.get(name)!))
  if (requested === 0) return { error: 'no metrics returned matched known pods' }
  const utilization = Math.trunc((used * 100) / requested)
  return { ratio: utilization / target.utilization!, utilization, value: Math.trunc(used / known.length) }
}

/** When there may be fewer pods, one that was not measured is taken to use all that it asked for. */
function fallback(
  name: string,
  { utilization, averageValue }: Target,
  requests: ReadonlyMap<string, number> | undefined,
): number {
  if (requests === undefined) return averageValue!
  return Math.trunc(((requests.get(name) ?? 0) * Math.max(100, utilization!)) / 100)
}

/** Of every pod, sidecars included; a container without a request makes a percentage meaningless. */
function requestsOf(
  pods: readonly KubeObject[],
  { resource, container }: Target,
): { byPod: Map<string, number> } | { error: string } {
  const byPod = new Map<string, number>()
  for (const { metadata, spec } of pods) {
    let total = 0
    const sidecars = (spec.initContainers ?? []).filter(
      ({ restartPolicy }: { restartPolicy?: string }) => restartPolicy === 'Always',
    )
    for (const { name, resources } of [...(spec.containers ?? []), ...sidecars]) {
      if (container !== undefined && container !== name) continue
      const request = resources?.requests?.[resource]
      if (request === undefined) {
        return { error: `missing request for ${resource} in container ${name} of Pod ${metadata.name}` }
      }
      total += quantityMilliValue(String(request))
    }
    byPod.set(metadata.name!, total)
  }
  return { byPod }
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}
