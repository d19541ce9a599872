// What the pod worker decides from: the pod, what the runtime has of it, and what the agent remembers of its own tries.

import type { ContainerKind, ContainerSpec, Pod, ProbeResults } from '../contract.ts'

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
  /** Operations under way: `sandbox`, `start:NAME`, `stop:ID`, `kill:ID`, `clean`. */
  running: ReadonlySet<string>
  setbacks: ReadonlyMap<string, Setback>
  /** Restart back-off by container name. */
  backoffs: ReadonlyMap<string, Backoff>
  /** The pod must end, whatever its spec says: evicted, deadline exceeded, preempted by the node. */
  verdict: Verdict | undefined
  /** Containers whose postStart hook has not ended yet. */
  hooked: ReadonlySet<string>
}

export interface Backoff {
  delayMs: number
  /** When the container that was restarted had ended. */
  sinceMs: number
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

export function isAlive(container: ContainerRecord | undefined): boolean {
  return container !== undefined && container.state !== 'exited'
}

/** Whether a container that has ended (or never began) is to be started by the pod's restart policy. */
export function wantsRestart(pod: Pod, entry: SpecEntry, latest: ContainerRecord | undefined): boolean {
  if (latest === undefined) return true
  if (latest.state === 'running') return false
  if (latest.state === 'created' || latest.state === 'unknown') return true
  if (entry.kind === 'ephemeral') return false
  if (entry.sidecar) return true
  const { restartPolicy } = pod['spec']
  if (entry.kind === 'init') return latest.exitCode !== 0 && restartPolicy !== 'Never'
  if (restartPolicy === 'Always') return true
  return restartPolicy === 'OnFailure' && latest.exitCode !== 0
}

export function isTerminal(pod: Pod): boolean {
  const phase = pod['status']?.phase
  return phase === 'Succeeded' || phase === 'Failed'
}
