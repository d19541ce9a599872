// What the pod worker decides from: the pod, what the runtime has of it, and what the agent remembers of its own tries.

import type { ContainerKind, ContainerSpec, Pod, ProbeResults } from '../contract.ts'

/** A v1 ContainerStatus, as data. */
// biome-ignore lint/suspicious/noExplicitAny: what the API stores, read back as data
export type ContainerStatusObject = Record<string, any>

/** Of a container that is gone without a trace. Source: Kubernetes' ContainerStatusUnknown. */
export const LOST_EXIT_CODE = 137

export interface SandboxRecord {
  id: string
  attempt: number
  ready: boolean
  createdAtMs: number
  /** The first is status.podIP; none for a pod in the host's network. */
  ips: readonly string[]
}

export type RunState = 'created' | 'running' | 'exited' | 'unknown'

export interface ContainerRecord {
  id: string
  /** `containerd://ID`, as the API shows it. */
  containerId: string
  sandboxId: string
  name: string
  attempt: number
  state: RunState
  createdAtMs: number
  startedAtMs: number
  finishedAtMs: number
  exitCode: number
  /** Completed, Error, OOMKilled, ContainerCannotRun, ... */
  reason: string
  /** What the container left as its termination message. */
  message: string
  image: string
  imageRef: string
  /** Of the spec that it was created from; '' when unknown. */
  specHash: string
}

/** Why something could not be done, and from when on it may be tried again. */
export interface Setback {
  reason: string
  message: string
  retryAtMs: number
  tries: number
}

/** What the agent remembers of one pod. Lost with the process: then the runtime's state is looked at afresh. */
export interface PodMemory {
  /** Operations under way, by name (operationOf). */
  running: ReadonlySet<string>
  setbacks: ReadonlyMap<string, Setback>
  /** Restart back-off by container name. */
  backoffs: ReadonlyMap<string, Backoff>
  /** The pod must end, whatever its spec says: evicted, deadline exceeded, preempted by the node. */
  verdict: Verdict | undefined
  /** Containers whose postStart hook has not ended yet. */
  hooked: ReadonlySet<string>
  /** Containers that were stopped because their spec has changed. */
  replaced: ReadonlySet<string>
}

export interface Backoff {
  /** How long after its end it may be started again. */
  delayMs: number
}

export interface Verdict {
  reason: string
  message: string
  /** undefined: the pod's own grace period. */
  graceSeconds: number | undefined
}

export interface Observed {
  uid: string
  /** undefined: the API has no such pod any more (or it never was bound to this node). */
  pod: Pod | undefined
  /** Newest first. */
  sandboxes: readonly SandboxRecord[]
  /** Newest first. */
  containers: readonly ContainerRecord[]
  probes: ProbeResults
  memory: PodMemory
  hostIps: readonly string[]
  /** Hash of a container's spec, to notice that it was changed. */
  specHashOf(spec: ContainerSpec): string
  /** Volumes, cgroups or directories are left of it. */
  leftovers: boolean
  /** The node does not take it, and has done nothing for it. */
  refusal?: { reason: string; message: string } | undefined
}

export interface SpecEntry {
  spec: ContainerSpec
  kind: ContainerKind
  /** An init container that goes on running beside the others (restartPolicy: Always). */
  sidecar: boolean
}

/** All containers of a pod: init, app, ephemeral, each in the order of the spec. */
export function containersOf(pod: Pod): SpecEntry[] {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = pod['spec']
  return [
    ...initContainers.map((spec: ContainerSpec) => ({
      spec,
      kind: 'init',
      sidecar: spec['restartPolicy'] === 'Always',
    })),
    ...containers.map((spec: ContainerSpec) => ({ spec, kind: 'app', sidecar: false })),
    ...ephemeralContainers.map((spec: ContainerSpec) => ({ spec, kind: 'ephemeral', sidecar: false })),
  ]
}

export function latestOf(observed: Observed, name: string): ContainerRecord | undefined {
  return observed.containers.find((container) => container.name === name)
}

/** It runs, or may run. One that was created and never started does not: it is only removed. */
export function isAlive({ state }: ContainerRecord): boolean {
  return state === 'running' || state === 'unknown'
}

/** Its exit code, when it has ended: as the runtime has it, or, when that has lost it, as the API last heard. */
export function exitOf(pod: Pod, name: string, latest: ContainerRecord | undefined): number | undefined {
  if (latest !== undefined) return latest.state === 'exited' ? latest.exitCode : undefined
  const before = knownBefore(pod, name)?.['state']
  if (before?.terminated !== undefined) return before.terminated.exitCode
  return before?.running === undefined ? undefined : LOST_EXIT_CODE
}

/** Whether a container that has ended (or never began) is to be started by the pod's restart policy. */
export function wantsRestart(
  { memory }: Observed,
  pod: Pod,
  entry: SpecEntry,
  latest: ContainerRecord | undefined,
): boolean {
  if (latest?.state === 'running') return false
  const exitCode = exitOf(pod, entry.spec.name, latest)
  if (exitCode === undefined) return true
  if (entry.kind === 'ephemeral') return false
  if (entry.sidecar || memory.replaced.has(latest?.id ?? '')) return true
  const { restartPolicy } = pod['spec']
  if (entry.kind === 'init' || restartPolicy === 'OnFailure') {
    return exitCode !== 0 && restartPolicy !== 'Never'
  }
  return restartPolicy === 'Always'
}

/** What the API says of a container. */
export function knownBefore(pod: Pod, name: string): ContainerStatusObject | undefined {
  const {
    containerStatuses = [],
    initContainerStatuses = [],
    ephemeralContainerStatuses = [],
  } = pod['status'] ?? {}
  const all = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses]
  return all.find((status: ContainerStatusObject) => status['name'] === name)
}

/** Whether anything is being made for the pod: its sandbox, or one of its containers. */
export function isStarting({ running }: PodMemory): boolean {
  return [...running].some((operation) => operation === 'sandbox' || operation.startsWith('start:'))
}

/** The grace with which a container is being stopped; undefined: it is not. */
export function stoppingWith({ running }: PodMemory, containerId: string): number | undefined {
  const prefix = `stop:${containerId}/`
  const graces = [...running].filter((operation) => operation.startsWith(prefix))
  if (graces.length === 0) return undefined
  return Math.min(...graces.map((operation) => Number(operation.slice(prefix.length))))
}

export function isTerminal(pod: Pod): boolean {
  const phase = pod['status']?.phase
  return phase === 'Succeeded' || phase === 'Failed'
}
