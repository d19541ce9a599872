// /metrics/resource: the little that autoscaling needs, under Kubernetes' stable names.

import type { CgroupUsage } from './cgroup-usage.ts'
import type { Labels, Metric } from './exposition.ts'
import type { Sample } from './sample.ts'

const NANOS = 1e9

export function resourceMetrics(sample: Sample): Metric[] {
  const { node, pods } = sample
  const metric = (name: string, type: Metric['type'], help: string, series: Metric['series']): Metric => {
    return { name, type, help, series }
  }
  const podLabels = ({ metadata }: { metadata: { namespace?: string; name?: string } }): Labels => ({
    namespace: metadata.namespace ?? '',
    pod: metadata.name ?? '',
  })
  const ofContainers = (value: (usage: CgroupUsage) => number) =>
    pods.flatMap(({ pod, containers }) =>
      containers.map(({ name, usage }) => ({
        labels: { container: name, ...podLabels(pod) },
        value: value(usage),
      })),
    )
  const ofPods = (value: (usage: CgroupUsage) => number) =>
    pods.flatMap(({ pod, usage }) =>
      usage === undefined ? [] : [{ labels: podLabels(pod), value: value(usage) }],
    )
  const starts = pods.flatMap(({ pod, containers }) =>
    containers.map(({ name, createdAtMs }) => ({
      labels: { container: name, ...podLabels(pod) },
      value: Math.round(createdAtMs) / 1000,
    })),
  )
  const cpu = ({ cpuNanos }: { cpuNanos: number }) => cpuNanos / NANOS
  const memory = ({ workingSetBytes }: { workingSetBytes: number }) => workingSetBytes
  const swap = ({ swapBytes }: CgroupUsage) => swapBytes
  const spent = (of: string) => `Cumulative cpu time consumed by the ${of} in core-seconds`
  const working = (of: string) => `Current working set of the ${of} in bytes`
  const swapped = (of: string) => `Current amount of the ${of} swap usage in bytes`
  const startHelp = 'Start time of the container since unix epoch in seconds'
  const errorHelp = '1 if there was an error while getting container metrics, 0 otherwise'
  const nodeSwap = node.swapTotalBytes - node.swapFreeBytes
  return [
    metric('container_cpu_usage_seconds_total', 'counter', spent('container'), ofContainers(cpu)),
    metric('container_memory_working_set_bytes', 'gauge', working('container'), ofContainers(memory)),
    metric('container_start_time_seconds', 'gauge', startHelp, starts),
    metric('container_swap_usage_bytes', 'gauge', swapped('container'), ofContainers(swap)),
    metric('node_cpu_usage_seconds_total', 'counter', spent('node'), [{ value: cpu(node) }]),
    metric('node_memory_working_set_bytes', 'gauge', working('node'), [{ value: memory(node) }]),
    metric('node_swap_usage_bytes', 'gauge', swapped('node'), [{ value: nodeSwap }]),
    metric('pod_cpu_usage_seconds_total', 'counter', spent('pod'), ofPods(cpu)),
    metric('pod_memory_working_set_bytes', 'gauge', working('pod'), ofPods(memory)),
    metric('pod_swap_usage_bytes', 'gauge', swapped('pod'), ofPods(swap)),
    metric('resource_scrape_error', 'gauge', errorHelp, [{ value: 0 }]),
  ]
}
