// Which containers of a pod with a ready sandbox are started, restarted or stopped. Pure.

import type { Pod } from '../contract.ts'
import type { PodAction } from './actions.ts'
import { nextBackoff, remainingBackoffMs } from './backoff.ts'
import { isStarted } from './readiness.ts'
import {
  type ContainerRecord,
  containersOf,
  latestOf,
  type Observed,
  type SandboxRecord,
  type SpecEntry,
  wantsRestart,
} from './records.ts'
import { setbackWait } from './setback.ts'

interface Step {
  actions: PodAction[]
  requeueAfterMs?: number
}

export function decideContainers(observed: Observed, pod: Pod, sandbox: SandboxRecord, now: number): Step {
  const entries = containersOf(pod)
  const ephemeral = entries.filter(({ kind }) => kind === 'ephemeral')
  const { next, sidecars } = initProgress(observed, pod, sandbox, entries)
  const due = next === undefined ? entries.filter(({ kind }) => kind === 'app') : [next]
  const steps = [...sidecars, ...due, ...ephemeral].map((entry) =>
    decideOne(observed, pod, sandbox, { entry, now }),
  )
  const waits = steps.flatMap(({ requeueAfterMs }) => (requeueAfterMs === undefined ? [] : [requeueAfterMs]))
  const actions = steps.flatMap((step) => step.actions)
  return waits.length === 0 ? { actions } : { actions, requeueAfterMs: Math.min(...waits) }
}

/**
 * Init containers run one after the other; the next one's turn comes when the one before has ended well, or, for a
 * sidecar, has started. Once an app container has been made in this sandbox, only sidecars are looked after.
 */
function initProgress(
  observed: Observed,
  pod: Pod,
  sandbox: SandboxRecord,
  entries: readonly SpecEntry[],
): { next: SpecEntry | undefined; sidecars: SpecEntry[] } {
  const init = entries.filter(({ kind }) => kind === 'init')
  const apps = entries.filter(({ kind }) => kind === 'app')
  const inSandbox = (entry: SpecEntry) => {
    const latest = latestOf(observed, entry.spec.name)
    return latest?.sandboxId === sandbox.id ? latest : undefined
  }
  if (apps.some((entry) => inSandbox(entry) !== undefined)) {
    return { next: undefined, sidecars: init.filter(({ sidecar }) => sidecar) }
  }
  const sidecars: SpecEntry[] = []
  for (const entry of init) {
    const latest = inSandbox(entry)
    const done = entry.sidecar
      ? latest?.state === 'running' && isStarted(observed, pod, entry, latest)
      : latest?.state === 'exited' && latest.exitCode === 0
    if (!done) return { next: entry, sidecars }
    if (entry.sidecar) sidecars.push(entry)
  }
  return { next: undefined, sidecars }
}

function decideOne(
  observed: Observed,
  pod: Pod,
  sandbox: SandboxRecord,
  { entry, now }: { entry: SpecEntry; now: number },
): Step {
  const { memory } = observed
  const { name } = entry.spec
  if (memory.running.has(`start:${name}`)) return { actions: [] }
  const known = latestOf(observed, name)
  const latest = known?.sandboxId === sandbox.id ? known : undefined
  if (latest?.state === 'running') return decideRunningContainer(observed, pod, sandbox, { entry, latest })
  if (memory.running.has(`stop:${latest?.id ?? ''}`)) return { actions: [] }
  // Of an earlier sandbox: what a run-to-completion container achieved there counts.
  const past = latest ?? (entry.kind === 'app' ? known : undefined)
  if (!wantsRestart(pod, entry, past)) return { actions: [] }
  const setback = setbackWait(memory, `start:${name}`, now)
  const ended = known?.state === 'exited' ? known : undefined
  const rest =
    ended === undefined ? 0 : remainingBackoffMs(memory.backoffs.get(name), ended.finishedAtMs, now)
  if (setback > 0 || rest > 0) return { actions: [], requeueAfterMs: Math.max(setback, rest) }
  const backoff = ended && nextBackoff(memory.backoffs.get(name), ended.startedAtMs, ended.finishedAtMs)
  const attempt = known === undefined ? restartsBefore(pod, name) : known.attempt + 1
  const { spec, kind } = entry
  return { actions: [{ type: 'startContainer', pod, spec, kind, attempt, sandbox, backoff }] }
}

/** One that runs is stopped when its liveness or startup probe failed, or when its spec has changed. */
function decideRunningContainer(
  observed: Observed,
  pod: Pod,
  sandbox: SandboxRecord,
  { entry, latest }: { entry: SpecEntry; latest: ContainerRecord },
): Step {
  const why = reasonToStop(observed, entry, latest)
  if (why === undefined || observed.memory.running.has(`stop:${latest.id}`)) return { actions: [] }
  const { spec } = entry
  const probe = why.probe === undefined ? undefined : spec[why.probe]
  const graceSeconds = probe?.terminationGracePeriodSeconds ?? pod['spec'].terminationGracePeriodSeconds ?? 30
  const message = `${why.message}, will be restarted`
  const podIp = sandbox.ips[0] ?? observed.hostIps[0] ?? ''
  return {
    actions: [{ type: 'stopContainer', pod, container: latest, spec, graceSeconds, message, podIp }],
  }
}

function reasonToStop(
  { probes, specHashOf }: Observed,
  { spec, kind }: SpecEntry,
  latest: ContainerRecord,
): { message: string; probe?: 'startupProbe' | 'livenessProbe' } | undefined {
  const who = kind === 'init' ? 'Init container' : 'Container'
  if (kind !== 'ephemeral' && latest.specHash !== '' && latest.specHash !== specHashOf(spec)) {
    return { message: `${who} ${spec.name} definition changed` }
  }
  if (spec['startupProbe'] !== undefined && probes.get(latest.id, 'startup') === false) {
    return { message: `${who} ${spec.name} failed startup probe`, probe: 'startupProbe' }
  }
  if (spec['livenessProbe'] !== undefined && probes.get(latest.id, 'liveness') === false) {
    return { message: `${who} ${spec.name} failed liveness probe`, probe: 'livenessProbe' }
  }
  return undefined
}

/** The runtime has forgotten it; the API has not. */
function restartsBefore(pod: Pod, name: string): number {
  const { containerStatuses = [], initContainerStatuses = [] } = pod['status'] ?? {}
  const all: { name: string; restartCount: number; containerID?: string }[] = [
    ...containerStatuses,
    ...initContainerStatuses,
  ]
  const known = all.find((status) => status.name === name)
  return known?.containerID === undefined ? 0 : known.restartCount + 1
}
