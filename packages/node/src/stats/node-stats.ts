// What this node uses, for whoever asks: nothing is measured while nobody does, and never more often than every 10 s.

import { cpus } from 'node:os'
import { delay } from '@brume/client/backoff'
import type { NodeContext } from '../contract.ts'
import { CONTAINER_CREATED, CONTAINER_EXITED, CONTAINER_RUNNING, SANDBOX_READY } from '../cri/enums.ts'
import type { ProbeCount } from '../probes/probes.ts'
import type { AgentDocument } from '../server/documents.ts'
import { type AgentState, agentMetrics, probeMetrics } from './agent-metrics.ts'
import { cadvisorMetrics } from './cadvisor-metrics.ts'
import { claimMetrics } from './claim-metrics.ts'
import { EXPOSITION_TYPE, expositionOf, type Metric } from './exposition.ts'
import { type CpuRates, cpuRates } from './rates.ts'
import { resourceMetrics } from './resource-metrics.ts'
import { type Sample, type SampleOptions, sampleMemory, takeSample } from './sample.ts'
import { summaryOf } from './summary.ts'

export interface NodeStatsOptions extends Omit<SampleOptions, 'context'> {
  probeCounts(): readonly ProbeCount[]
  evictions(): ReadonlyMap<string, number>
  /** As in the Node's status. */
  version(): string
}

export interface NodeStats {
  /** No older than 10 s. */
  current(): Promise<{ sample: Sample; rates: CpuRates }>
  /** By path, for the agent's HTTPS server. */
  documents: Readonly<Record<string, AgentDocument>>
}

const FRESH_MS = 10_000
/** An older sample says little about now: then one is taken just before. */
const OLD_MS = 120_000
const FIRST_WINDOW_MS = 1000

const STATES: Readonly<Record<number, string>> = {
  [CONTAINER_CREATED]: 'created',
  [CONTAINER_RUNNING]: 'running',
  [CONTAINER_EXITED]: 'exited',
}

export function nodeStats(context: NodeContext, options: NodeStatsOptions): NodeStats {
  const { clock, cri, nodeName } = context
  const memory = sampleMemory(context)
  const sampling: SampleOptions = { context, ...options }
  let last: { sample: Sample; rates: CpuRates } | undefined
  let taking: Promise<{ sample: Sample; rates: CpuRates }> | undefined
  const take = async () => {
    let before = last?.sample
    if (before === undefined || performance.now() - before.steadyMs > OLD_MS) {
      before = await takeSample(sampling, memory)
      await delay(clock, FIRST_WINDOW_MS)
    }
    const sample = await takeSample(sampling, memory)
    last = { sample, rates: cpuRates(before, sample) }
    return last
  }
  const current = () => {
    if (last !== undefined && performance.now() - last.sample.steadyMs < FRESH_MS)
      return Promise.resolve(last)
    taking ??= take().finally(() => {
      taking = undefined
    })
    return taking
  }
  const stateOf = async (): Promise<AgentState> => {
    const [containers, sandboxes] = await Promise.all([
      cri.listContainers(),
      cri.listPodSandboxes({ state: { state: SANDBOX_READY } }),
    ])
    const byState = new Map<string, number>()
    for (const { state = CONTAINER_CREATED } of containers) {
      const name = STATES[state] ?? 'unknown'
      byState.set(name, (byState.get(name) ?? 0) + 1)
    }
    const version = options.version()
    const evictions = options.evictions()
    return { nodeName, version, runningPods: sandboxes.length, containers: byState, evictions }
  }
  const text = (metrics: readonly Metric[], atMs?: number) => {
    return { contentType: EXPOSITION_TYPE, body: expositionOf(metrics, atMs) }
  }
  return {
    current,
    documents: {
      '/stats/summary': async () => {
        const { sample, rates } = await current()
        return { contentType: 'application/json', body: JSON.stringify(summaryOf(nodeName, sample, rates)) }
      },
      '/metrics': async () => {
        const [state, { sample }] = await Promise.all([stateOf(), current()])
        return text([...agentMetrics(state), ...claimMetrics(sample)])
      },
      '/metrics/cadvisor': async () => {
        const { sample } = await current()
        return text(cadvisorMetrics(sample, { cpus: cpus().length }), sample.atMs)
      },
      '/metrics/resource': async () => {
        const { sample } = await current()
        return text(resourceMetrics(sample), sample.atMs)
      },
      '/metrics/probes': () => text(probeMetrics(options.probeCounts())),
    },
  }
}
