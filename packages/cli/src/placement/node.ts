// Whether a node takes pods, and how much of it is promised.

import type { KubeObject } from '@brume/api/object'
import { GROUP, STRICT } from '@brume/api/placement'
import { podRequests } from '@brume/api/quota/pod-resources'
import { quantityMilliValue, quantityValue } from '@brume/base/quantity'
import { PODS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { amountText } from '@brume/scheduler/explain'
import { conditionOf } from '../conditions.ts'

export async function explainNode(client: Client, node: KubeObject): Promise<string> {
  const { name, labels = {} } = node.metadata
  const barrier = whyBarred(node)
  const { items } = await client.resource(PODS).listAll({ fieldSelector: `spec.nodeName=${name}` })
  const pods = items.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed')
  const allocatable: Record<string, string> = node['status']?.allocatable ?? node['status']?.capacity ?? {}
  const promised = (resource: 'cpu' | 'memory') => {
    const amount = resource === 'cpu' ? quantityMilliValue : quantityValue
    const all = amount(allocatable[resource] ?? '0')
    const sum = pods.reduce((total, pod) => total + amount(podRequests(pod)[resource] ?? '0'), 0)
    const percent = all === 0 ? '' : ` (${Math.round((100 * sum) / all)}%)`
    return `${amountText(resource, sum)} of ${amountText(resource, all)}${percent}`
  }
  const group =
    labels[GROUP] === undefined
      ? ''
      : ` of group ${labels[GROUP]}${labels[STRICT] === 'true' ? ' (strict)' : ''}`
  const room = `${pods.length} of ${allocatable['pods'] ?? '0'} pods, CPU ${promised('cpu')} and memory ${promised('memory')} are promised`
  if (barrier === undefined) return `${name}${group} takes pods: ${room}.`
  return `${name}${group} takes no new pods: ${barrier.why}; ${room}. To open it: ${barrier.remedy}.`
}

interface Barrier {
  why: string
  remedy: string
}

function whyBarred(node: KubeObject): Barrier | undefined {
  const { metadata, spec } = node
  const { name } = metadata
  const ready = conditionOf(node, 'Ready')
  if (ready?.status !== 'True') {
    const why =
      ready === undefined
        ? 'its agent has not reported yet'
        : `it is not ready (${ready.message || ready.reason})`
    return { why, remedy: `start its agent, then kubectl describe node ${name}` }
  }
  if (spec?.unschedulable === true) return { why: 'it is cordoned', remedy: `kubectl uncordon ${name}` }
  const taint = (spec?.taints ?? []).find(({ effect }: { effect: string }) => effect !== 'PreferNoSchedule')
  if (taint === undefined) return undefined
  const text = `${taint.key}${taint.value ? `=${taint.value}` : ''}:${taint.effect}`
  return {
    why: `it has the taint ${text}, which pods have to tolerate`,
    remedy: `kubectl taint node ${name} ${text}-`,
  }
}
