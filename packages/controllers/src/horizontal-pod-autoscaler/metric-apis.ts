// Values of metrics that others measure: of pods and other objects (custom.metrics.k8s.io), and of what is no object here
// (external.metrics.k8s.io). Where nobody serves these groups, the error says so in Kubernetes' words.

import type { KubeObject } from '@brume/api/object'
import { fromStructured } from '@brume/api/selectors/structured'
import { type Json, listOf } from '@brume/api/validate/json'
import { isStatus, StatusError } from '@brume/base/errors'
import type { Client } from '@brume/client/client'
import { findTarget } from './target.ts'

/** Of one metric: an item for each object that has it. */
export type MetricValues = { items: readonly KubeObject[] } | { error: string }

export interface MetricQuestion {
  namespace: string
  /** The selector of the autoscaler's pods, as text. */
  podSelector: string
}

const CUSTOM = 'custom.metrics.k8s.io'
const EXTERNAL = 'external.metrics.k8s.io'
/** The newest first. */
const VERSIONS: Readonly<Record<string, readonly string[]>> = {
  [CUSTOM]: ['v1beta2', 'v1beta1'],
  [EXTERNAL]: ['v1beta1'],
}

/** undefined: the metric is a resource, which metrics.k8s.io has. */
export async function metricValues(
  client: Client,
  spec: Json,
  question: MetricQuestion,
): Promise<MetricValues | undefined> {
  const ask = askOf(spec)
  if (ask === undefined) return undefined
  try {
    return await ask(client, question)
  } catch (error) {
    if (error instanceof StatusError) return { error: error.message }
    throw error
  }
}

type Ask = (client: Client, question: MetricQuestion) => Promise<MetricValues>

function askOf(spec: Json): Ask | undefined {
  switch (spec.type) {
    case 'Pods':
      return (client, question) => podValues(client, spec.pods.metric, question)
    case 'Object':
      return (client, question) => objectValues(client, spec.object, question)
    case 'External':
      return (client, question) => externalValues(client, spec.external.metric, question)
    default:
      return undefined
  }
}

async function podValues(client: Client, metric: Json, { namespace, podSelector }: MetricQuestion) {
  const query = { labelSelector: podSelector, ...metricSelector(metric) }
  return custom(client, `/namespaces/${namespace}/pods/*/${metric.name}`, query)
}

async function objectValues(
  client: Client,
  { metric, describedObject }: Json,
  { namespace }: MetricQuestion,
) {
  const { apiVersion = 'v1', kind, name } = describedObject
  const query = metricSelector(metric)
  // A namespace's own metrics have a path of their own.
  if (kind === 'Namespace') return custom(client, `/namespaces/${name}/metrics/${metric.name}`, query)
  const { group, plural, namespaced } = await findTarget(client, apiVersion, kind)
  const resource = group === '' ? plural : `${plural}.${group}`
  const place = namespaced ? `/namespaces/${namespace}` : ''
  return custom(client, `${place}/${resource}/${name}/${metric.name}`, query)
}

async function externalValues(
  client: Client,
  metric: Json,
  { namespace }: MetricQuestion,
): Promise<MetricValues> {
  const failed = (why: string) => ({ error: `unable to fetch metrics from external metrics API: ${why}` })
  const version = await servedVersion(client, EXTERNAL)
  if (version === undefined) {
    return failed(`the server could not find the requested resource (get ${metric.name}.${EXTERNAL})`)
  }
  const path = `/apis/${EXTERNAL}/${version}/namespaces/${namespace}/${metric.name}`
  const { labelSelector = '' } = { labelSelector: metricSelector(metric).metricLabelSelector }
  return listed(client, { path, query: labelSelector === '' ? {} : { labelSelector } }, failed)
}

async function custom(client: Client, path: string, query: Record<string, string>): Promise<MetricValues> {
  const failed = (why: string) => ({ error: `unable to fetch metrics from custom metrics API: ${why}` })
  const version = await servedVersion(client, CUSTOM)
  if (version === undefined) return failed(`no custom metrics API (${CUSTOM}) registered`)
  return listed(client, { path: `/apis/${CUSTOM}/${version}${path}`, query }, failed)
}

async function listed(
  client: Client,
  { path, query }: { path: string; query: Record<string, string> },
  failed: (why: string) => { error: string },
): Promise<MetricValues> {
  try {
    const list = await client.json<Json>({ method: 'GET', path, query })
    return { items: listOf(list.items) }
  } catch (error) {
    if (error instanceof StatusError) return failed(error.message)
    throw error
  }
}

/** undefined: nobody serves the group. */
async function servedVersion(client: Client, group: string): Promise<string | undefined> {
  try {
    const { versions } = await client.json<Json>({ method: 'GET', path: `/apis/${group}` })
    const served = listOf(versions).map(({ version }) => version)
    return VERSIONS[group]!.find((version) => served.includes(version))
  } catch (error) {
    if (isStatus(error, 'NotFound')) return undefined
    throw error
  }
}

function metricSelector({ selector }: Json): { metricLabelSelector?: string } {
  return selector === undefined ? {} : { metricLabelSelector: fromStructured(selector).toString() }
}
