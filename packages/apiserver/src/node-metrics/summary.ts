// What an agent says about its node and its pods: the kubelet's /stats/summary, as far as it is of use here.

import type { Json } from '@brume/api/validate/json'

export interface Usage {
  /** When it was measured, as the agent wrote it. */
  time: string
  cpuNanoCores: number
  memoryBytes: number
}

export interface PodUsage {
  namespace: string
  name: string
  uid: string
  containers: ReadonlyMap<string, Usage>
}

export interface NodeUsage {
  node: Usage | undefined
  /** By uid. Pods of which a container is not measured yet are left out. */
  pods: ReadonlyMap<string, PodUsage>
}

/** Throws for anything that is no summary. */
export function readSummary(text: string): NodeUsage {
  const summary: Json = JSON.parse(text)
  if (typeof summary?.node !== 'object' || summary.node === null)
    throw new Error('the answer is no stats summary')
  const pods = new Map<string, PodUsage>()
  for (const pod of listOf(summary.pods)) {
    const { namespace = '', name = '', uid = '' } = pod.podRef ?? {}
    const containers = new Map<string, Usage>()
    const measured = listOf(pod.containers)
    for (const container of measured) {
      const usage = usageOf(container)
      if (usage !== undefined) containers.set(String(container.name), usage)
    }
    if (containers.size === 0 || containers.size < measured.length) continue
    pods.set(String(uid), { namespace: String(namespace), name: String(name), uid: String(uid), containers })
  }
  return { node: usageOf(summary.node), pods }
}

function usageOf({ cpu, memory }: Json): Usage | undefined {
  const cpuNanoCores = Number(cpu?.usageNanoCores)
  const memoryBytes = Number(memory?.workingSetBytes)
  const time = String(cpu?.time ?? memory?.time ?? '')
  if (!Number.isFinite(cpuNanoCores) || !Number.isFinite(memoryBytes) || Number.isNaN(Date.parse(time))) {
    return undefined
  }
  return { time, cpuNanoCores, memoryBytes }
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'object' && item !== null) : []
}
