// Where the pods of a workload are, and what keeps those that are nowhere.

import type { KubeObject } from '@brume/api/object'
import { formatStructured } from '@brume/api/selectors/structured'
import { PODS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { ResourceRef } from '@brume/client/resource-ref'
import { conditionOf } from '../conditions.ts'
import { explainPod } from './pod.ts'

export async function explainWorkload(client: Client, ref: ResourceRef, object: KubeObject): Promise<string> {
  const { namespace, name } = object.metadata
  const labelSelector = formatStructured(object['spec'].selector)
  const { items } = await client.resource(PODS).listAll({ namespace: namespace!, labelSelector })
  const pods = items.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed')
  const placed = pods.filter(({ spec }) => spec.nodeName)
  const waiting = pods.filter(({ spec }) => !spec.nodeName)
  const wanted: number | undefined = object['spec'].replicas ?? object['status']?.desiredNumberScheduled
  const start = `${ref.kind!.toLowerCase()} ${namespace}/${name} has ${pods.length}${wanted === undefined ? '' : ` of ${wanted}`} pods`
  const ended = items.length - pods.length
  const past = ref.kind !== 'Job' || ended === 0 ? '' : `, and ${ended} ended`
  const where = placed.length === 0 ? '' : `, ${placed.length} of them on ${nodesOf(placed)}`
  const missing = wanted !== undefined && pods.length < wanted ? failureOf(object) : undefined
  if (missing !== undefined) return `${start}${where}: ${missing}`
  const [first] = waiting
  if (first === undefined) return `${start}${where}${past}.`
  return `${start}${where}, and ${waiting.length} without a node: ${await explainPod(client, first)}`
}

/** `n1 (2), n2 (1)`. */
function nodesOf(pods: readonly KubeObject[]): string {
  const counts = new Map<string, number>()
  for (const { spec } of pods) counts.set(spec.nodeName, (counts.get(spec.nodeName) ?? 0) + 1)
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} (${count})`)
    .join(', ')
}

/** Why pods cannot even be made. */
function failureOf(object: KubeObject): string | undefined {
  const failure = conditionOf(object, 'ReplicaFailure')
  return failure?.status === 'True' ? failure.message : undefined
}
