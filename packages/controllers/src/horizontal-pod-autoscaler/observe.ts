// What an autoscaler looks at: its target's scale, the pods that this selects, and what they use.

import type { KubeObject } from '@brume/api/object'
import { type LabelSelector, parseLabelSelector } from '@brume/api/selectors/label-selector'
import { StatusError } from '@brume/base/errors'
import type { Client } from '@brume/client/client'
import type { ResourceRef } from '@brume/client/resource-ref'
import type { ObservedAutoscaler } from './decide.ts'
import type { History } from './history.ts'
import { metricValues } from './metric-apis.ts'
import { findTarget } from './target.ts'

export const POD_METRICS: ResourceRef = {
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  plural: 'pods',
  namespaced: true,
  kind: 'PodMetrics',
}

export interface AutoscalerView {
  client: Client
  get(key: string): KubeObject | undefined
  podsIn(namespace: string): readonly KubeObject[]
  history(key: string): History | undefined
  /** Selectors of autoscalers by key, as they were found last. */
  selectors: Map<string, LabelSelector>
}

export async function observeAutoscaler(
  view: AutoscalerView,
  key: string,
): Promise<ObservedAutoscaler | undefined> {
  const autoscaler = view.get(key)
  if (autoscaler === undefined) return undefined
  const namespace = autoscaler.metadata.namespace!
  const nothing = { pods: [], metrics: { items: [] }, values: [] }
  const common = { autoscaler, history: view.history(key) }
  const scale = await scaleOf(view.client, autoscaler)
  if (typeof scale === 'string') return { ...common, ...nothing, scale }
  const text: string = scale['status']?.selector ?? ''
  if (text === '') {
    const message = "the HPA target's scale is missing a selector"
    const selectorProblem = { event: 'SelectorRequired', reason: 'InvalidSelector', message }
    return { ...common, ...nothing, scale, selectorProblem }
  }
  const selector = parseLabelSelector(text)
  view.selectors.set(key, selector)
  const all = view.podsIn(namespace)
  const pods = all.filter(({ metadata }) => selector.matches(metadata.labels))
  const rivals = rivalsOf(view.selectors, { key, namespace, pods })
  if (rivals.length > 1) {
    const names = rivals.map((rival) => `{${rival.slice(namespace.length + 1)} ${namespace}}`).join(' ')
    const message = `pods by selector ${text} are controlled by multiple HPAs: [${names}]`
    const selectorProblem = { event: 'AmbiguousSelector', reason: 'AmbiguousSelector', message }
    return { ...common, pods, metrics: { items: [] }, values: [], scale, selectorProblem }
  }
  const question = { namespace, podSelector: text }
  const specs: object[] = autoscaler['spec'].metrics ?? []
  const [metrics, ...values] = await Promise.all([
    metricsOf(view.client, namespace, text),
    ...specs.map((spec) => metricValues(view.client, spec, question)),
  ])
  return { ...common, pods, scale, metrics, values }
}

/** The scale as autoscaling/v1 has it, or why not. */
async function scaleOf(client: Client, { metadata, spec }: KubeObject): Promise<KubeObject | string> {
  const { kind, name, apiVersion = '' } = spec.scaleTargetRef
  try {
    const ref = await findTarget(client, apiVersion, kind)
    return await client.resource(ref).getSubresource({ namespace: metadata.namespace!, name }, 'scale')
  } catch (error) {
    if (error instanceof StatusError) return error.message
    throw error
  }
}

/** Autoscalers of the namespace, this one among them, whose selectors select any of the pods. */
function rivalsOf(
  selectors: ReadonlyMap<string, LabelSelector>,
  { key, namespace, pods }: { key: string; namespace: string; pods: readonly KubeObject[] },
): string[] {
  const rivals: string[] = []
  for (const [other, selector] of selectors) {
    if (!other.startsWith(`${namespace}/`)) continue
    if (other === key || pods.some(({ metadata }) => selector.matches(metadata.labels))) rivals.push(other)
  }
  return rivals.sort()
}

async function metricsOf(
  client: Client,
  namespace: string,
  labelSelector: string,
): Promise<ObservedAutoscaler['metrics']> {
  try {
    const { items } = await client.resource(POD_METRICS).list({ namespace, labelSelector })
    return { items }
  } catch (error) {
    if (error instanceof StatusError) return { error: error.message }
    throw error
  }
}
