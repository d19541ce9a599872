// What each metric of an autoscaler asks for, and the highest of these; or why none can be computed.

import type { KubeObject } from '@brume/api/object'
import { quantityMilliValue } from '@brume/base/quantity'
import { measure, type Target } from './measure.ts'
import type { MetricValues } from './metric-apis.ts'
import { milliText } from './milli-text.ts'
import { samplesOf } from './samples.ts'
import { externalProposal, objectProposal, podsProposal } from './value-proposals.ts'

// biome-ignore lint/suspicious/noExplicitAny: fields of an autoscaler, checked by its schema
type Json = any

export interface Failure {
  /** Of the condition ScalingActive. */
  reason: string
  message: string
  /** As Kubernetes counts it up. */
  whole: string
}

export interface Proposals {
  /** The highest; undefined: nothing can be said. */
  best: { replicas: number; metric: string } | undefined
  statuses: Json[]
  failures: Failure[]
}

export interface ProposalOptions {
  pods: readonly KubeObject[]
  /** PodMetrics of these pods, or why there are none. */
  metrics: { items: readonly KubeObject[] } | { error: string }
  /** Of each metric of the spec that is not a resource's. */
  values: readonly (MetricValues | undefined)[]
  namespace: string
  currentReplicas: number
  now: number
}

const FAILED_REASONS: Readonly<Record<string, string>> = {
  Resource: 'FailedGetResourceMetric',
  ContainerResource: 'FailedGetContainerResourceMetric',
  Pods: 'FailedGetPodsMetric',
  Object: 'FailedGetObjectMetric',
  External: 'FailedGetExternalMetric',
}

export function proposals(specs: readonly Json[], options: ProposalOptions): Proposals {
  const statuses: Json[] = []
  const failures: Failure[] = []
  let best: Proposals['best']
  for (const [i, spec] of specs.entries()) {
    const proposal = proposalOf(spec, options, options.values[i])
    if ('error' in proposal) {
      const reason = FAILED_REASONS[spec.type] ?? 'InvalidMetricSourceType'
      failures.push({ reason, message: proposal.error, whole: `${subjectOf(spec)}: ${proposal.error}` })
      continue
    }
    statuses.push(proposal.status)
    if (best === undefined || proposal.replicas > best.replicas) best = proposal
  }
  return { best, statuses, failures }
}

interface Proposal {
  replicas: number
  metric: string
  status: Json
}

function proposalOf(
  spec: Json,
  options: ProposalOptions,
  values: MetricValues = { error: 'no metrics were asked for' },
): Proposal | { error: string } {
  if (spec.type === 'Resource') {
    const { name, target } = spec.resource
    const result = resourceProposal({ name, target }, options)
    if ('error' in result) return result
    return { ...result, status: { type: spec.type, resource: { name, current: result.current } } }
  }
  if (spec.type === 'ContainerResource') {
    const { name, container, target } = spec.containerResource
    const result = resourceProposal({ name, container, target }, options)
    if ('error' in result) return result
    return {
      ...result,
      status: { type: spec.type, containerResource: { name, container, current: result.current } },
    }
  }
  const withValues = { ...options, values }
  if (spec.type === 'Pods') return podsProposal(spec, withValues)
  if (spec.type === 'Object') return objectProposal(spec, withValues)
  if (spec.type === 'External') return externalProposal(spec, withValues)
  return { error: `unknown metric source type ${JSON.stringify(spec.type)}` }
}

function resourceProposal(
  { name, container, target }: { name: string; container?: string; target: Json },
  { pods, metrics, currentReplicas, now }: ProposalOptions,
): { replicas: number; metric: string; current: Json } | { error: string } {
  const isUsage = target.averageValue !== undefined
  const failed = (why: string) => ({
    error: `failed to get ${name} ${isUsage ? 'usage' : 'utilization'}: ${why}`,
  })
  if (!isUsage && target.averageUtilization === undefined) {
    return {
      error:
        'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
    }
  }
  const goal: Target = {
    resource: name,
    container,
    ...(isUsage
      ? { averageValue: quantityMilliValue(String(target.averageValue)) }
      : { utilization: target.averageUtilization }),
  }
  const unfetched = (why: string) => failed(`unable to get metrics for resource ${name}: ${why}`)
  if ('error' in metrics)
    return unfetched(`unable to fetch metrics from resource metrics API: ${metrics.error}`)
  if (metrics.items.length === 0) return unfetched('no metrics returned from resource metrics API')
  const read = samplesOf(metrics.items, goal)
  if ('error' in read) return unfetched(read.error)
  const measured = measure({ target: goal, pods, samples: read.samples, currentReplicas, now })
  if ('error' in measured) return failed(measured.error)
  const averageValue = milliText(measured.value)
  if (isUsage) return { replicas: measured.replicas, metric: `${name} resource`, current: { averageValue } }
  const part = container === undefined ? 'resource' : 'container resource'
  return {
    replicas: measured.replicas,
    metric: `${name} ${part} utilization (percentage of request)`,
    current: { averageUtilization: measured.utilization, averageValue },
  }
}

function subjectOf(spec: Json): string {
  const failed = (what: string) => `failed to get ${what} value`
  if (spec.type === 'Resource') return failed(`${spec.resource.name} resource metric`)
  if (spec.type === 'ContainerResource') return failed(`${spec.containerResource.container} container metric`)
  if (spec.type === 'External') return failed(`${spec.external?.metric?.name} external metric`)
  return failed(`${String(spec.type).toLowerCase()} metric`)
}
