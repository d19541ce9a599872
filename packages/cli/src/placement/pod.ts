// Why a pod is where it is, or why it is nowhere and what would change that.

import type { KubeObject } from '@brume/api/object'
import { PLACED_BECAUSE } from '@brume/api/placement'
import { isStatus } from '@brume/base/errors'
import { seededRandom } from '@brume/base/seeded-random'
import type { Client } from '@brume/client/client'
import { placementReason, refusalMessage } from '@brume/scheduler/explain'
import { place } from '@brume/scheduler/place'
import { podInfoOf } from '@brume/scheduler/pod-info'
import { conditionOf } from '../conditions.ts'
import { clusterWithout } from './cluster.ts'

const SCHEDULER = 'default-scheduler'

export async function explainPod(client: Client, pod: KubeObject): Promise<string> {
  const name = `${pod.metadata.namespace}/${pod.metadata.name}`
  const { nodeName, schedulingGates = [], schedulerName = SCHEDULER } = pod['spec']
  const phase = pod['status']?.phase
  if (phase === 'Succeeded' || phase === 'Failed') {
    const where = nodeName ? `ran on ${nodeName}` : 'never ran'
    return `${name} ${where} and is over (${phase}): it takes no room any more.`
  }
  if (nodeName) return `${name} is on ${nodeName}: ${await whyHere(client, pod)}.`
  if (pod.metadata.deletionTimestamp !== undefined)
    return `${name} is being deleted and gets no node any more.`
  if (schedulingGates.length > 0) {
    const gates = schedulingGates.map((gate: { name: string }) => gate.name).join(', ')
    return `${name} has no node: it waits for its scheduling gates (${gates}). To place it: whoever set them removes them.`
  }
  if (schedulerName !== SCHEDULER) {
    return `${name} has no node: it waits for the scheduler ${schedulerName}. To place it: start that, or take schedulerName out of the pod.`
  }
  return `${name} has no node: ${await whyNowhere(client, pod)}`
}

/** What the scheduler said when it decided; else what the same decision would be now. */
async function whyHere(client: Client, pod: KubeObject): Promise<string> {
  const said = pod.metadata.annotations?.[PLACED_BECAUSE]
  if (said !== undefined) return said
  const { nodeName } = pod['spec']
  if (pod.metadata.annotations?.['kubernetes.io/config.source'] !== undefined) {
    return 'it is a static pod of that node'
  }
  const outcome = await decideAgain(client, { ...pod, spec: { ...pod['spec'], nodeName: undefined } })
  if (outcome === undefined) return 'the pod names the node itself, or another scheduler chose it'
  const { placed, snapshot } = outcome
  if (placed.node !== undefined && placed.node === nodeName) return placementReason(placed)
  const now =
    placed.node === undefined
      ? refusalMessage(placed, snapshot, '').replace(/\.$/, '')
      : `it would go to ${placed.node} now`
  return `the pod names the node itself, or another scheduler chose it; ${now}`
}

async function whyNowhere(client: Client, pod: KubeObject): Promise<string> {
  const outcome = await decideAgain(client, pod)
  if (outcome === undefined) {
    return conditionOf(pod, 'PodScheduled')?.message ?? 'the scheduler has not looked at it yet.'
  }
  const { placed, snapshot } = outcome
  if (placed.node !== undefined) return `it fits on ${placed.node} and goes there in a moment.`
  const refusal = refusalMessage(placed, snapshot, '')
  return snapshot.nodeCount > 0 ? refusal : `${refusal}. To place it: let a node join with ./brume up.`
}

/** undefined: this person may not see the whole cluster. */
async function decideAgain(client: Client, pod: KubeObject) {
  try {
    const snapshot = await clusterWithout(client, pod.metadata.uid!)
    return { snapshot, placed: place(podInfoOf(pod), snapshot, { random: seededRandom(1) }) }
  } catch (error) {
    if (isStatus(error, 'Forbidden')) return undefined
    throw error
  }
}
