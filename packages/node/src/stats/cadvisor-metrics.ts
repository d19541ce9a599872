// /metrics/cadvisor: containers under the names that dashboards know. A pod has a series of its own (with an empty
// container), as cAdvisor has one for its control group.

import type { CgroupUsage } from './cgroup-usage.ts'
import type { Labels, Metric, Series } from './exposition.ts'
import type { InterfaceUsage } from './network-usage.ts'
import type { Sample } from './sample.ts'

interface Measured {
  labels: Labels
  usage: CgroupUsage
}

interface Rule {
  name: string
  help: string
  type: Metric['type']
  of(usage: CgroupUsage): number | undefined
}

const NANOS = 1e9

const RULES: readonly Rule[] = [
  {
    name: 'container_cpu_usage_seconds_total',
    help: 'Cumulative cpu time consumed in seconds.',
    type: 'counter',
    of: ({ cpuNanos }) => cpuNanos / NANOS,
  },
  {
    name: 'container_cpu_user_seconds_total',
    help: 'Cumulative user cpu time consumed in seconds.',
    type: 'counter',
    of: ({ cpuUserNanos }) => cpuUserNanos / NANOS,
  },
  {
    name: 'container_cpu_system_seconds_total',
    help: 'Cumulative system cpu time consumed in seconds.',
    type: 'counter',
    of: ({ cpuSystemNanos }) => cpuSystemNanos / NANOS,
  },
  {
    name: 'container_cpu_cfs_periods_total',
    help: 'Number of elapsed enforcement period intervals.',
    type: 'counter',
    of: ({ periods }) => periods,
  },
  {
    name: 'container_cpu_cfs_throttled_periods_total',
    help: 'Number of throttled period intervals.',
    type: 'counter',
    of: ({ throttledPeriods }) => throttledPeriods,
  },
  {
    name: 'container_cpu_cfs_throttled_seconds_total',
    help: 'Total time duration the container has been throttled.',
    type: 'counter',
    of: ({ throttledNanos }) => throttledNanos / NANOS,
  },
  {
    name: 'container_memory_usage_bytes',
    help: 'Current memory usage in bytes, including all memory regardless of when it was accessed.',
    type: 'gauge',
    of: ({ memoryBytes }) => memoryBytes,
  },
  {
    name: 'container_memory_working_set_bytes',
    help: 'Current working set in bytes.',
    type: 'gauge',
    of: ({ workingSetBytes }) => workingSetBytes,
  },
  {
    name: 'container_memory_rss',
    help: 'Size of RSS in bytes.',
    type: 'gauge',
    of: ({ rssBytes }) => rssBytes,
  },
  {
    name: 'container_memory_cache',
    help: 'Number of bytes of page cache memory.',
    type: 'gauge',
    of: ({ cacheBytes }) => cacheBytes,
  },
  {
    name: 'container_memory_mapped_file',
    help: 'Size of memory mapped files in bytes.',
    type: 'gauge',
    of: ({ mappedFileBytes }) => mappedFileBytes,
  },
  {
    name: 'container_memory_swap',
    help: 'Container swap usage in bytes.',
    type: 'gauge',
    of: ({ swapBytes }) => swapBytes,
  },
  {
    name: 'container_memory_max_usage_bytes',
    help: 'Maximum memory usage recorded in bytes.',
    type: 'gauge',
    of: ({ maxMemoryBytes }) => maxMemoryBytes,
  },
  {
    name: 'container_memory_failcnt',
    help: 'Number of times that memory usage hit its limit.',
    type: 'counter',
    of: ({ memoryFailures }) => memoryFailures,
  },
  {
    name: 'container_spec_memory_limit_bytes',
    help: 'Memory limit for the container.',
    type: 'gauge',
    of: ({ memoryLimitBytes }) => memoryLimitBytes ?? 0,
  },
  {
    name: 'container_processes',
    help: 'Number of processes running inside the container.',
    type: 'gauge',
    of: ({ processes }) => processes,
  },
]

const NETWORK: readonly { name: string; help: string; of(usage: InterfaceUsage): number }[] = [
  {
    name: 'container_network_receive_bytes_total',
    help: 'Cumulative count of bytes received.',
    of: ({ rxBytes }) => rxBytes,
  },
  {
    name: 'container_network_receive_packets_total',
    help: 'Cumulative count of packets received.',
    of: ({ rxPackets }) => rxPackets,
  },
  {
    name: 'container_network_receive_errors_total',
    help: 'Cumulative count of errors while receiving.',
    of: ({ rxErrors }) => rxErrors,
  },
  {
    name: 'container_network_receive_packets_dropped_total',
    help: 'Cumulative count of packets dropped while receiving.',
    of: ({ rxDropped }) => rxDropped,
  },
  {
    name: 'container_network_transmit_bytes_total',
    help: 'Cumulative count of bytes transmitted.',
    of: ({ txBytes }) => txBytes,
  },
  {
    name: 'container_network_transmit_packets_total',
    help: 'Cumulative count of packets transmitted.',
    of: ({ txPackets }) => txPackets,
  },
  {
    name: 'container_network_transmit_errors_total',
    help: 'Cumulative count of errors while transmitting.',
    of: ({ txErrors }) => txErrors,
  },
  {
    name: 'container_network_transmit_packets_dropped_total',
    help: 'Cumulative count of packets dropped while transmitting.',
    of: ({ txDropped }) => txDropped,
  },
]

export function cadvisorMetrics(sample: Sample, machine: { cpus: number }): Metric[] {
  const measured = measuredOf(sample)
  const { pods, node } = sample
  const series = (of: (usage: CgroupUsage) => number | undefined) =>
    measured.flatMap(({ labels, usage }): Series[] => {
      const value = of(usage)
      return value === undefined ? [] : [{ labels, value }]
    })
  const network = pods.flatMap(({ pod, cgroup, sandboxId, network: interfaces }) =>
    interfaces.map((one) => ({
      labels: {
        container: '',
        id: cgroup,
        image: '',
        interface: one.name,
        name: sandboxId,
        ...podLabels(pod),
      },
      one,
    })),
  )
  return [
    ...RULES.map(({ name, help, type, of }): Metric => ({ name, help, type, series: series(of) })),
    faults(measured),
    started(sample),
    written(sample),
    ...NETWORK.map(
      ({ name, help, of }): Metric => ({
        name,
        help,
        type: 'counter',
        series: network.map(({ labels, one }) => ({ labels, value: of(one) })),
      }),
    ),
    {
      name: 'machine_cpu_cores',
      help: 'Number of logical CPU cores.',
      type: 'gauge',
      series: [{ value: machine.cpus }],
    },
    {
      name: 'machine_memory_bytes',
      help: 'Amount of memory installed on the machine.',
      type: 'gauge',
      series: [{ value: node.memoryCapacityBytes }],
    },
  ]
}

function measuredOf({ pods }: Sample): Measured[] {
  return pods.flatMap(({ pod, cgroup, usage, containers }) => {
    const ofPod = { container: '', id: cgroup, image: '', name: '', ...podLabels(pod) }
    return [
      ...(usage === undefined ? [] : [{ labels: ofPod, usage }]),
      ...containers.map((one) => ({ labels: containerLabels(one, podLabels(pod)), usage: one.usage })),
    ]
  })
}

function containerLabels(
  of: { name: string; cgroup: string; image: string; id: string },
  ofPod: { namespace: string; pod: string },
): Labels {
  return { container: of.name, id: of.cgroup, image: of.image, name: of.id, ...ofPod }
}

function podLabels({ metadata }: { metadata: { namespace?: string; name?: string } }) {
  return { namespace: metadata.namespace ?? '', pod: metadata.name ?? '' }
}

function faults(measured: readonly Measured[]): Metric {
  const of = (failure_type: string, value: (usage: CgroupUsage) => number) =>
    measured.map(({ labels, usage }) => ({
      labels: { ...labels, failure_type, scope: 'container' },
      value: value(usage),
    }))
  return {
    name: 'container_memory_failures_total',
    help: 'Cumulative count of memory allocation failures.',
    type: 'counter',
    series: [
      ...of('pgfault', (usage) => usage.pageFaults),
      ...of('pgmajfault', (usage) => usage.majorPageFaults),
    ],
  }
}

function started({ pods }: Sample): Metric {
  return {
    name: 'container_start_time_seconds',
    help: 'Start time of the container since unix epoch in seconds.',
    type: 'gauge',
    series: pods.flatMap(({ pod, containers }) =>
      containers.map((one) => ({
        labels: containerLabels(one, podLabels(pod)),
        value: Math.round(one.createdAtMs) / 1000,
      })),
    ),
  }
}

function written({ pods }: Sample): Metric {
  return {
    name: 'container_fs_usage_bytes',
    help: 'Number of bytes that are consumed by the container on this filesystem.',
    type: 'gauge',
    series: pods.flatMap(({ pod, containers }) =>
      containers.flatMap((one) => {
        if (one.writable === undefined) return []
        const labels = { ...containerLabels(one, podLabels(pod)), device: '' }
        return [{ labels, value: one.writable.bytes + one.logs.bytes }]
      }),
    ),
  }
}
