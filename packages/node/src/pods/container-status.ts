// status.containerStatuses and its two sisters, from what the runtime has and from what the API knew before. Pure.

import { formatTime } from '@brume/base/clock'
import { formatGoDuration } from '@brume/base/go-duration'
import { podText } from '../containers/names.ts'
import type { Pod } from '../contract.ts'
import { remainingBackoffMs } from './backoff.ts'
import { isReady, isStarted } from './readiness.ts'
import {
  type ContainerRecord,
  type ContainerStatusObject,
  containersOf,
  knownBefore,
  LOST_EXIT_CODE,
  type Observed,
  type SpecEntry,
  wantsRestart,
} from './records.ts'

export interface ContainerStatuses {
  containerStatuses: ContainerStatusObject[]
  initContainerStatuses?: ContainerStatusObject[]
  ephemeralContainerStatuses?: ContainerStatusObject[]
}

/** `ending`: nothing is started any more, so nothing waits. */
export function containerStatuses(
  observed: Observed,
  pod: Pod,
  ending: boolean,
  now: number,
): ContainerStatuses {
  const of = (kind: SpecEntry['kind']) =>
    containersOf(pod)
      .filter((entry) => entry.kind === kind)
      .map((entry) => oneStatus(observed, pod, entry, { ending, now }))
  const init = of('init')
  const ephemeral = of('ephemeral')
  return {
    containerStatuses: of('app'),
    ...(init.length === 0 ? {} : { initContainerStatuses: init }),
    ...(ephemeral.length === 0 ? {} : { ephemeralContainerStatuses: ephemeral }),
  }
}

function oneStatus(
  observed: Observed,
  pod: Pod,
  entry: SpecEntry,
  { ending, now }: { ending: boolean; now: number },
): ContainerStatusObject {
  const { spec } = entry
  // One that was never started says nothing.
  const [latest, previous] = observed.containers.filter(
    ({ name, state }) => name === spec.name && state !== 'created',
  )
  const before = knownBefore(pod, spec.name)
  const waiting = ending ? undefined : waitingOf(observed, pod, entry, { latest, now })
  const state = waiting === undefined ? stateOf(latest, before, pod) : { waiting }
  if (isOver(pod, entry, before) && state['terminated'] === undefined) return before ?? {}
  const containerId = latest?.containerId ?? before?.['containerID']
  return {
    name: spec.name,
    state,
    lastState: lastStateOf({ latest, previous, before, waits: waiting !== undefined }),
    ready: isReady(observed, entry, latest),
    restartCount: Math.max(latest?.attempt ?? 0, before?.['restartCount'] ?? 0),
    image: latest?.image || before?.['image'] || spec.image,
    imageID: latest?.imageRef || before?.['imageID'] || '',
    ...(containerId === undefined ? {} : { containerID: containerId }),
    started: latest !== undefined && isStarted(observed, entry, latest),
    ...volumeMountsOf(spec),
  }
}

/** The API lets nothing come back that has ended for good, as an init container does in a new sandbox. */
function isOver(pod: Pod, { sidecar }: SpecEntry, before: ContainerStatusObject | undefined): boolean {
  const terminated = before?.['state'].terminated
  const { restartPolicy } = pod['spec']
  if (terminated === undefined || sidecar || restartPolicy === 'Always') return false
  return restartPolicy === 'Never' || terminated.exitCode === 0
}

/** undefined: it runs, has ended and stays so, or has ended just now. */
function waitingOf(
  observed: Observed,
  pod: Pod,
  entry: SpecEntry,
  { latest, now }: { latest: ContainerRecord | undefined; now: number },
): { reason: string; message?: string } | undefined {
  const { memory } = observed
  const { name } = entry.spec
  const beginning = { reason: initialReason(pod, entry) }
  // Kubernetes calls a container running when its postStart hook is done.
  if (latest?.state === 'running') return memory.hooked.has(latest.id) ? beginning : undefined
  if (!wantsRestart(observed, pod, entry, latest)) return undefined
  if (latest?.state === 'exited') {
    // It is being started: what it waited for until then is over in a moment.
    if (memory.running.has(`start:${name}`)) return knownBefore(pod, name)?.['state'].waiting
    const backoff = memory.backoffs.get(name)
    if (backoff !== undefined && remainingBackoffMs(backoff, latest, now) > 0) {
      return { reason: 'CrashLoopBackOff', message: backoffMessage(pod, name, backoff.delayMs) }
    }
  }
  const setback = memory.setbacks.get(`start:${name}`)
  if (setback !== undefined) return { reason: setback.reason, message: setback.message }
  return latest?.state === 'exited' ? undefined : beginning
}

function initialReason(pod: Pod, { kind }: { kind?: SpecEntry['kind'] }): string {
  const initializing = (pod['spec'].initContainers ?? []).length > 0 && kind !== 'ephemeral'
  return initializing ? 'PodInitializing' : 'ContainerCreating'
}

export function backoffMessage(pod: Pod, container: string, delayMs: number): string {
  return `back-off ${formatGoDuration(BigInt(delayMs) * 1_000_000n)} restarting failed container=${container} pod=${podText(pod)}`
}

function stateOf(
  latest: ContainerRecord | undefined,
  before: ContainerStatusObject | undefined,
  pod: Pod,
): Record<string, unknown> {
  if (latest?.state === 'running') return { running: { startedAt: timeOf(latest.startedAtMs) } }
  if (latest?.state === 'exited') return { terminated: terminated(latest) }
  if (before?.['state'].terminated !== undefined) return before['state']
  // It ran, and the runtime does not know of it any more: it must not seem never to have run.
  if (before?.['state'].running !== undefined && latest === undefined) return { terminated: lost(before) }
  return { waiting: { reason: initialReason(pod, {}) } }
}

function lastStateOf(of: {
  latest: ContainerRecord | undefined
  previous: ContainerRecord | undefined
  before: ContainerStatusObject | undefined
  waits: boolean
}): Record<string, unknown> {
  const { latest, previous, before, waits } = of
  if (waits && latest?.state === 'exited') return { terminated: terminated(latest) }
  if (previous?.state === 'exited') return { terminated: terminated(previous) }
  if (waits && latest === undefined) {
    if (before?.['state'].terminated !== undefined) return before['state']
    if (before?.['state'].running !== undefined) return { terminated: lost(before) }
  }
  return before?.['lastState'] ?? {}
}

function terminated(container: ContainerRecord): Record<string, unknown> {
  return {
    exitCode: container.exitCode,
    reason: container.reason || (container.exitCode === 0 ? 'Completed' : 'Error'),
    ...(container.message === '' ? {} : { message: container.message }),
    startedAt: timeOf(container.startedAtMs),
    finishedAt: timeOf(container.finishedAtMs),
    containerID: container.containerId,
  }
}

/** Of a container that the runtime does not know of any more. */
export function lost(before: ContainerStatusObject | undefined): Record<string, unknown> {
  return {
    exitCode: LOST_EXIT_CODE,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was terminated',
    startedAt: before?.['state'].running?.startedAt ?? null,
    finishedAt: null,
  }
}

function timeOf(epochMs: number): string | null {
  return epochMs <= 0 ? null : formatTime(epochMs)
}

/** As 1.32 reports them: read-only mounts say that they are not recursively so. */
function volumeMountsOf(spec: SpecEntry['spec']): Record<string, unknown> {
  const mounts: { name: string; mountPath: string; readOnly?: boolean }[] = spec['volumeMounts'] ?? []
  if (mounts.length === 0) return {}
  const volumeMounts = mounts.map(({ name, mountPath, readOnly }) =>
    readOnly === true ? { name, mountPath, readOnly, recursiveReadOnly: 'Disabled' } : { name, mountPath },
  )
  return { volumeMounts }
}
