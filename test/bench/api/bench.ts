// What every measurement shares: the running targets, the load processes, rounds in turns, and the median.

import type { Auth } from './connection.ts'
import type { RequestsJob, RequestsResult } from './jobs.ts'
import type { LoadProcess } from './load-process.ts'
import { cpuSeconds } from './process-stat.ts'
import type { Report } from './report.ts'
import type { Target } from './target.ts'

export interface Bench {
  ours: Target
  /** A kube-apiserver, if there is one. */
  peer: Target | undefined
  load: LoadProcess
  report: Report
  scale: Scale
}

export interface Scale {
  objects: number
  rounds: number
  /** Requests before the first round. */
  warmCount: number
  durationMs: number
  watchers: number
  idleMs: number
}

export const FULL: Scale = {
  objects: 10_000,
  rounds: 5,
  warmCount: 10_000,
  durationMs: 2_000,
  watchers: 1_000,
  idleMs: 10_000,
}
export const QUICK: Scale = {
  objects: 2_000,
  rounds: 3,
  warmCount: 3_000,
  durationMs: 500,
  watchers: 200,
  idleMs: 3_000,
}

export interface Measured extends RequestsResult {
  perSecond: number
  cpuMsPerRequest: number
}

export type Requests = Pick<RequestsJob, 'method' | 'path' | 'writers'> &
  Partial<Pick<RequestsJob, 'body' | 'headers' | 'connections' | 'from' | 'count' | 'durationMs'>> & {
    auth?: (target: Target) => Auth
  }

const CONNECTIONS = 4
const WARM_LIMIT_MS = 60_000
/** Numbers of created objects, so that no name comes twice. */
let created = 1_000_000

/** The same requests to both targets in turns; of each the median round by throughput. Every answer must be a success. */
export async function compare(
  bench: Bench,
  requests: Requests,
  warmCount = requests.count ?? bench.scale.warmCount,
): Promise<{ ours: Measured; peer: Measured | undefined }> {
  const ours: Measured[] = []
  const peer: Measured[] = []
  await warmUp(bench, requests, warmCount)
  for (let round = 0; round < bench.scale.rounds; round++) {
    ours.push(await measure(bench, bench.ours, requests))
    if (bench.peer) peer.push(await measure(bench, bench.peer, requests))
  }
  return { ours: median(ours), peer: bench.peer && median(peer) }
}

/** Compilers and caches have seen these requests: as many for both, however quick they are. */
export async function warmUp(bench: Bench, requests: Requests, count: number): Promise<void> {
  const targets = bench.peer === undefined ? [bench.ours] : [bench.ours, bench.peer]
  for (const target of targets)
    await measure(bench, target, { ...requests, count, durationMs: WARM_LIMIT_MS })
}

export async function measure(bench: Bench, target: Target, requests: Requests): Promise<Measured> {
  const { auth = (of) => of.admin, writers, connections = Math.min(writers, CONNECTIONS), ...rest } = requests
  const before = cpuSeconds(target.pids)
  const result = await bench.load.requests({
    url: target.url,
    auth: auth(target),
    durationMs: bench.scale.durationMs,
    from: created,
    writers,
    connections,
    ...rest,
  })
  const cpuMs = (cpuSeconds(target.pids) - before) * 1000
  if (requests.from === undefined) created += result.sent
  if (result.failed > 0)
    throw new Error(`${target.name}: ${result.failed} of ${result.sent} failed: ${result.failure}`)
  return { ...result, perSecond: result.sent / result.seconds, cpuMsPerRequest: cpuMs / result.sent }
}

export function median(rounds: readonly Measured[]): Measured {
  const sorted = rounds.toSorted((a, b) => a.perSecond - b.perSecond)
  return sorted[Math.floor((sorted.length - 1) / 2)]!
}
