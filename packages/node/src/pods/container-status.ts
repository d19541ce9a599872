// status.containerStatuses and its two sisters, from what the runtime has and from what the API knew before. Pure.

import { formatTime } from '@brume/base/clock'
import { formatGoDuration } from '@brume/base/go-duration'
import { podText } from '../containers/names.ts'
import type { Pod } from '../contract.ts'
import { remainingBackoffMs } from './backoff.ts'
import { isReady, isStarted } from './readiness.ts'
import { type ContainerRecord, containersOf, type Observed, type SpecEntry, wantsRestart } from './records.ts'

/** A v1 ContainerStatus, as data. */
// biome-ignore lint/suspicious/noExplicitAny: what the API stores, read back as data
export type ContainerStatusObject = Record<string, any>

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
  const [latest, previous] = observed.containers.filter(({ name }) => name === spec.name)
  const before = knownBefore(pod, spec.name)
  const waiting = ending ? undefined : waitingOf(observed, pod, entry, latest, now)
  const ready = !ending && isReady(observed, pod, entry, latest)
  const state = waiting !== undefined ? { waiting } : stateOf(latest, before, pod)
  const last =
    waiting !== undefined && latest?.state === 'exited'
      ? { terminated: terminated(latest) }
      : previous?.state === 'exited'
        ? { terminated: terminated(previous) }
        : (before?.['lastState'] ?? {})
  return {
    name: spec.name,
    state,
    lastState: last,
    ready,
    restartCount: latest?.attempt ?? before?.['restartCount'] ?? 0,
    image: latest?.image || before?.['image'] || spec.image,
    imageID: latest?.imageRef || before?.['imageID'] || '',
    ...(latest === undefined
      ? before?.['containerID'] === undefined
        ? {}
        : { containerID: before['containerID'] }
      : { containerID: latest.containerId }),
    started: latest !== undefined && !ending && isStarted(observed, pod, entry, latest),
    ...volumeMountsOf(spec),
  }
}

/** undefined: it runs, or has ended and stays so. */
function waitingOf(
  observed: Observed,
  pod: Pod,
  entry: SpecEntry,
  latest: ContainerRecord | undefined,
  now: number,
): { reason: string; message?: string } | undefined {
  const { memory, sandboxes } = observed
  const { name } = entry.spec
  if (latest?.state === 'running' || (latest?.state === 'exited' && !wantsRestart(pod, entry, latest))) {
    return undefined
  }
  const setback = memory.setbacks.get(`start:${name}`)
  if (setback !== undefined) return { reason: setback.reason, message: setback.message }
  if (latest?.state === 'exited') {
    if (memory.running.has(`start:${name}`)) return undefined
    const backoff = memory.backoffs.get(name)
    if (remainingBackoffMs(backoff, latest.finishedAtMs, now) === 0) return undefined
    return { reason: 'CrashLoopBackOff', message: backoffMessage(pod, name, backoff?.delayMs ?? 0) }
  }
  const initializing = (pod['spec'].initContainers ?? []).length > 0 && entry.kind !== 'ephemeral'
  const started = sandboxes[0]?.ready === true && !initializing
  return { reason: started || !initializing ? 'ContainerCreating' : 'PodInitializing' }
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
  if (before?.['state']?.terminated !== undefined) return before['state']
  // It ran, and the runtime does not know of it any more: it must not seem never to have run.
  if (before?.['state']?.running !== undefined && latest === undefined) {
    return {
      terminated: {
        exitCode: 137,
        reason: 'ContainerStatusUnknown',
        message: 'The container could not be located when the pod was terminated',
        startedAt: before['state'].running.startedAt,
        finishedAt: null,
      },
    }
  }
  const initializing = (pod['spec'].initContainers ?? []).length > 0
  return { waiting: { reason: initializing ? 'PodInitializing' : 'ContainerCreating' } }
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

function timeOf(epochMs: number): string | null {
  return epochMs <= 0 ? null : formatTime(epochMs)
}

function knownBefore(pod: Pod, name: string): ContainerStatusObject | undefined {
  const {
    containerStatuses = [],
    initContainerStatuses = [],
    ephemeralContainerStatuses = [],
  } = pod['status'] ?? {}
  const all = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses]
  return all.find((status: ContainerStatusObject) => status['name'] === name)
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
