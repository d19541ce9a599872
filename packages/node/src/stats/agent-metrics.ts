// /metrics and /metrics/probes: the agent's own state and process, under the kubelet's names where it has one.

import type { ProbeCount } from '../probes/probes.ts'
import type { Metric } from './exposition.ts'

export interface AgentState {
  nodeName: string
  /** As in the Node's status. */
  version: string
  runningPods: number
  /** By the runtime's word for the state: running, exited, created, unknown. */
  containers: ReadonlyMap<string, number>
  evictions: ReadonlyMap<string, number>
}

const NAMES = { startup: 'Startup', readiness: 'Readiness', liveness: 'Liveness' } as const

export function agentMetrics(state: AgentState): Metric[] {
  const { user, system } = process.cpuUsage()
  const gauge = (name: string, help: string, series: Metric['series']): Metric => {
    return { name, help, type: 'gauge', series }
  }
  const byState = [...state.containers].map(([container_state, value]) => ({
    labels: { container_state },
    value,
  }))
  const bySignal = [...state.evictions].map(([eviction_signal, value]) => ({
    labels: { eviction_signal },
    value,
  }))
  return [
    gauge('kubelet_node_name', "The node's name. The count is always 1.", [
      { labels: { node: state.nodeName }, value: 1 },
    ]),
    gauge('kubernetes_build_info', 'The version of this agent. The value is always 1.', [
      { labels: { git_version: state.version, platform: `linux/${process.arch}` }, value: 1 },
    ]),
    gauge('kubelet_running_pods', 'Number of pods that have a running pod sandbox', [
      { value: state.runningPods },
    ]),
    gauge('kubelet_running_containers', 'Number of containers by their state', byState),
    {
      name: 'kubelet_evictions',
      help: 'Cumulative number of pod evictions by eviction signal',
      type: 'counter',
      series: bySignal,
    },
    {
      name: 'process_cpu_seconds_total',
      help: 'Total user and system CPU time spent in seconds.',
      type: 'counter',
      series: [{ value: (user + system) / 1e6 }],
    },
    gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', [
      { value: process.memoryUsage.rss() },
    ]),
    gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.', [
      { value: Math.round(performance.timeOrigin) / 1000 },
    ]),
  ]
}

export function probeMetrics(counts: readonly ProbeCount[]): Metric[] {
  const series = counts.flatMap(({ namespace, pod, podUid, container, kind, ...results }) => {
    const labels = { container, namespace, pod, pod_uid: podUid, probe_type: NAMES[kind] }
    return (['successful', 'failed', 'unknown'] as const).flatMap((result) =>
      results[result] === 0 ? [] : [{ labels: { ...labels, result }, value: results[result] }],
    )
  })
  const help = 'Cumulative number of a liveness, readiness or startup probe for a container by result.'
  return [{ name: 'prober_probe_total', help, type: 'counter', series }]
}
