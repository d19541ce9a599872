// Which containers of a pod with a ready sandbox are started, restarted or stopped. Pure.

import { podText } from '../containers/names.ts'
import type { Pod, ProbeKind } from '../contract.ts'
import type { PodAction } from './actions.ts'
import { nextBackoff, remainingBackoffMs } from './backoff.ts'
import { dueOf } from './due.ts'
import { isStarted } from './readiness.ts'
import {
  type ContainerRecord,
  containersOf,
  isAlive,
  knownBefore,
  latestOf,
  type Observed,
  type SandboxRecord,
  type SpecEntry,
  stoppingWith,
  wantsRestart,
} from './records.ts'
import { setbackWait } from './setback.ts'

/** How long a start that somebody has asked for may take to happen. */
const LAST_START_MS = 30_000

interface Step {
  actions: PodAction[]
  requeueAfterMs?: number
}

export function decideContainers(observed: Observed, pod: Pod, sandbox: SandboxRecord, now: number): Step {
  const entries = containersOf(pod)
  const ephemeral = entries.filter(({ kind }) => kind === 'ephemeral')
  const { next, sidecars } = initProgress(observed, sandbox, entries)
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
 * sidecar, has started. What lies behind the last one that was made in this sandbox is past: a sidecar there that ends
 * is started again, and nobody waits for it. Once an app container has been made, only sidecars are looked after.
 */
function initProgress(
  observed: Observed,
  sandbox: SandboxRecord,
  entries: readonly SpecEntry[],
): { next: SpecEntry | undefined; sidecars: SpecEntry[] } {
  const init = entries.filter(({ kind }) => kind === 'init')
  const apps = entries.filter(({ kind }) => kind === 'app')
  const inSandbox = (entry: SpecEntry) => {
    const latest = latestOf(observed, entry.spec.name)
    return latest?.sandboxId === sandbox.id ? latest : undefined
  }
  const sidecars = init.filter(({ sidecar }) => sidecar)
  if (apps.some((entry) => inSandbox(entry) !== undefined)) return { next: undefined, sidecars }
  const last = Math.max(
    0,
    init.findLastIndex((entry) => inSandbox(entry) !== undefined),
  )
  const current = init[last]
  const made = current && inSandbox(current)
  const done = current?.sidecar
    ? made?.state === 'running' && isStarted(observed, current, made)
    : made?.state === 'exited' && made.exitCode === 0
  const at = done ? last + 1 : last
  return { next: init[at], sidecars: init.slice(0, at).filter(({ sidecar }) => sidecar) }
}

function decideOne(
  observed: Observed,
  pod: Pod,
  sandbox: SandboxRecord,
  { entry, now }: { entry: SpecEntry; now: number },
): Step {
  const { memory, uid } = observed
  const { spec, kind } = entry
  const { name } = spec
  if (memory.running.has(`start:${name}`)) return { actions: [] }
  const known = latestOf(observed, name)
  const latest = known?.sandboxId === sandbox.id ? known : undefined
  if (latest?.state === 'running')
    return decideRunningContainer(observed, pod, sandbox, { entry, latest, now })
  // Nobody knows whether it runs, or it still does in a sandbox that is going: never two of one name.
  const stray = observed.containers.find((container) => container.name === name && isAlive(container))
  if (stray !== undefined) {
    if (stray.state === 'running') return { actions: [] }
    return dueOf(observed, now, [{ type: 'killContainer', uid, containerId: stray.id, graceSeconds: 0 }])
  }
  if (known?.state === 'created') return decideForgotten(known, now)
  // Of an earlier sandbox: what a run-to-completion container achieved there counts, an initialization does not.
  const past = kind === 'init' && latest === undefined
  if (!past && !wantsRestart(observed, pod, entry, known)) return { actions: [] }
  const changed = known !== undefined && isChanged(observed, entry, known)
  const before = changed ? undefined : memory.backoffs.get(name)
  const rest = known === undefined ? 0 : remainingBackoffMs(before, known, now)
  const setback = setbackWait(memory, `start:${name}`, now)
  if (setback > 0 || rest > 0) {
    return { actions: rest > 0 ? sayBackoff(pod, name) : [], requeueAfterMs: Math.max(setback, rest) }
  }
  const backoff = known && nextBackoff(before, known)
  const attempt = Math.max(known === undefined ? 0 : known.attempt + 1, restartsBefore(pod, name, known))
  return { actions: [{ type: 'startContainer', pod, spec, kind, attempt, sandbox, backoff }] }
}

/**
 * One that was made and not started by the agent of this moment. The one before may have asked for its start with its
 * last breath, and removing it would end what runs by then: that is waited for.
 */
function decideForgotten({ id, createdAtMs }: ContainerRecord, now: number): Step {
  const left = Math.min(createdAtMs + LAST_START_MS - now, LAST_START_MS)
  if (left > 0) return { actions: [], requeueAfterMs: left }
  return { actions: [{ type: 'removeContainer', containerId: id }], requeueAfterMs: 0 }
}

/** Once for each time: when the status does not say it yet. */
function sayBackoff(pod: Pod, name: string): PodAction[] {
  if (knownBefore(pod, name)?.['state']?.waiting?.reason === 'CrashLoopBackOff') return []
  const message = `Back-off restarting failed container ${name} in pod ${podText(pod)}`
  return [{ type: 'event', pod, eventType: 'Warning', reason: 'BackOff', message }]
}

/** One that runs is stopped when its liveness or startup probe failed, or when its spec has changed. */
function decideRunningContainer(
  observed: Observed,
  pod: Pod,
  sandbox: SandboxRecord,
  { entry, latest, now }: { entry: SpecEntry; latest: ContainerRecord; now: number },
): Step {
  const why = reasonToStop(observed, entry, latest)
  if (why === undefined || stoppingWith(observed.memory, latest.id) !== undefined) return { actions: [] }
  const { spec, kind } = entry
  const probe = why.probe === undefined ? undefined : spec[why.probe]
  const grace = probe?.terminationGracePeriodSeconds ?? pod['spec'].terminationGracePeriodSeconds ?? 30
  const replace = why.probe === undefined
  const again = kind === 'app' && (replace || pod['spec'].restartPolicy !== 'Never')
  return dueOf(observed, now, [
    {
      type: 'stopContainer',
      pod,
      container: latest,
      spec,
      graceSeconds: grace,
      leftSeconds: grace,
      replace,
      message: again ? `${why.message}, will be restarted` : why.message,
      podIp: sandbox.ips[0] ?? observed.hostIps[0] ?? '',
    },
  ])
}

/** An init container that is no sidecar is left to end by itself; nobody probes an ephemeral one. */
function reasonToStop(
  observed: Observed,
  entry: SpecEntry,
  latest: ContainerRecord,
): { message: string; probe?: 'startupProbe' | 'livenessProbe' } | undefined {
  const { spec, kind, sidecar } = entry
  if (kind === 'ephemeral' || (kind === 'init' && !sidecar)) return undefined
  const who = kind === 'init' ? 'Init container' : 'Container'
  if (isChanged(observed, entry, latest)) return { message: `${who} ${spec.name} definition changed` }
  const failed = (probe: ProbeKind) => observed.probes.get(latest.id, probe) === false
  if (spec['livenessProbe'] !== undefined && failed('liveness')) {
    return { message: `${who} ${spec.name} failed liveness probe`, probe: 'livenessProbe' }
  }
  if (spec['startupProbe'] !== undefined && failed('startup')) {
    return { message: `${who} ${spec.name} failed startup probe`, probe: 'startupProbe' }
  }
  return undefined
}

function isChanged({ specHashOf }: Observed, { spec }: SpecEntry, { specHash }: ContainerRecord): boolean {
  return specHash !== '' && specHash !== specHashOf(spec)
}

/** What the API has counted: the runtime may have forgotten some, or all of them. */
function restartsBefore(pod: Pod, name: string, known: ContainerRecord | undefined): number {
  const before = knownBefore(pod, name)
  if (before?.['containerID'] === undefined) return 0
  return before['containerID'] === known?.containerId ? before['restartCount'] : before['restartCount'] + 1
}
