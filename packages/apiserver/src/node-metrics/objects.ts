// NodeMetrics and PodMetrics: what agents measured, as objects of metrics.k8s.io.

import type { KubeObject } from '@brume/api/object'
import { type Clock, formatTime } from '@brume/base/clock'
import type { ComputedResource } from '../handlers/context.ts'
import type { ObjectReader } from '../registry/reader.ts'
import type { UsageSource } from './source.ts'
import type { PodUsage, Usage } from './summary.ts'

const API_VERSION = 'metrics.k8s.io/v1beta1'
/** Over which an agent's `usageNanoCores` is measured. */
const WINDOW = '10s'

export interface MetricsOptions {
  reader: ObjectReader
  source: UsageSource
  clock: Clock
}

export function nodeMetricsResource({ reader, source, clock }: MetricsOptions): ComputedResource {
  const metricsOf = async (nodes: readonly KubeObject[]) => {
    const usage = await source.usageOf(nodes.map(({ metadata }) => metadata.name!))
    return nodes.flatMap((node) => {
      const measured = usage.get(node.metadata.name!)?.node
      if (measured === undefined) return []
      const kind = { kind: 'NodeMetrics', apiVersion: API_VERSION, metadata: metadataOf(node, clock) }
      return [{ ...kind, timestamp: timeOf(measured), window: WINDOW, usage: amountsOf(measured) }]
    })
  }
  return {
    kind: 'nodemetrics',
    list: () => metricsOf(reader.list('', 'nodes', '')),
    async get(_, name) {
      const node = reader.get('', 'nodes', '', name)
      return node === undefined ? undefined : (await metricsOf([node]))[0]
    },
  }
}

export function podMetricsResource({ reader, source, clock }: MetricsOptions): ComputedResource {
  const metricsOf = async (pods: readonly KubeObject[]) => {
    const running = pods.filter(({ spec, status }) => spec.nodeName && status?.phase === 'Running')
    const usage = await source.usageOf(running.map(({ spec }) => spec.nodeName))
    return running.flatMap((pod) => {
      const measured = usage.get(pod['spec'].nodeName)?.pods.get(pod.metadata.uid!)
      return measured === undefined ? [] : [metricsOfPod(pod, measured, clock)]
    })
  }
  return {
    kind: 'podmetrics',
    list: (namespace) => metricsOf(reader.list('', 'pods', namespace)),
    async get(namespace, name) {
      const pod = reader.get('', 'pods', namespace, name)
      return pod === undefined ? undefined : (await metricsOf([pod]))[0]
    },
  }
}

function metricsOfPod(pod: KubeObject, { containers }: PodUsage, clock: Clock): KubeObject {
  const times = [...containers.values()].map(timeOf).sort()
  return {
    kind: 'PodMetrics',
    apiVersion: API_VERSION,
    metadata: metadataOf(pod, clock),
    // The oldest: no container was measured before.
    timestamp: times[0],
    window: WINDOW,
    containers: [...containers].map(([name, usage]) => ({ name, usage: amountsOf(usage) })),
  }
}

function metadataOf({ metadata }: KubeObject, clock: Clock): KubeObject['metadata'] {
  const { name, namespace, labels } = metadata
  return {
    name: name!,
    ...(namespace === undefined ? {} : { namespace }),
    creationTimestamp: formatTime(clock.now()),
    ...(labels === undefined ? {} : { labels }),
  }
}

function timeOf({ time }: Usage): string {
  return formatTime(Date.parse(time))
}

function amountsOf({ cpuNanoCores, memoryBytes }: Usage): Record<string, string> {
  return { cpu: `${Math.round(cpuNanoCores)}n`, memory: `${Math.floor(memoryBytes / 1024)}Ki` }
}
