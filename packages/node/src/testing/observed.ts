// What the pod worker decides from, in few words, and its plans as words: for tests of what it decides.

import type { ContainerSpec, Pod, ProbeKind } from '../contract.ts'
import type { PodAction } from '../pods/actions.ts'
import type { ContainerRecord, Observed, PodMemory, SandboxRecord } from '../pods/records.ts'

export const NOW = Date.UTC(2026, 0, 1, 12)

type Fields = Record<string, unknown>

/** Containers by their names alone get an image. */
export function podOf(spec: Fields = {}, rest: { metadata?: Fields; status?: Fields } = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name: 'p', uid: 'u1', resourceVersion: '1', ...rest.metadata },
    spec: { restartPolicy: 'Always', containers: [specOf('a')], nodeName: 'n1', ...spec },
    status: { phase: 'Pending', ...rest.status },
  }
}

export function specOf(name: string, more: Fields = {}): ContainerSpec {
  return { name, image: `${name}:1`, ...more }
}

export function sidecarOf(name: string, more: Fields = {}): ContainerSpec {
  return specOf(name, { restartPolicy: 'Always', ...more })
}

/** Of the sandbox s0, started a minute ago; what has ended did so ten seconds ago. */
export function container(name: string, more: Partial<ContainerRecord> = {}): ContainerRecord {
  const { attempt = 0, state = 'running' } = more
  const id = `${name}-${attempt}`
  return {
    id,
    containerId: `containerd://${id}`,
    sandboxId: 's0',
    name,
    attempt,
    state,
    createdAtMs: NOW - 60_000 + attempt,
    startedAtMs: NOW - 60_000 + attempt,
    finishedAtMs: state === 'exited' ? NOW - 10_000 : 0,
    exitCode: 0,
    reason: '',
    message: '',
    image: `${name}:1`,
    imageRef: `sha256:${name}`,
    specHash: `${name}:1`,
    ...more,
  }
}

export function exited(name: string, exitCode: number, more: Partial<ContainerRecord> = {}): ContainerRecord {
  return container(name, { state: 'exited', exitCode, ...more })
}

export function sandbox(more: Partial<SandboxRecord> = {}): SandboxRecord {
  return { id: 's0', attempt: 0, ready: true, createdAtMs: NOW - 61_000, ips: ['10.1.0.2'], ...more }
}

export interface ObservedOptions extends Partial<Omit<Observed, 'memory' | 'probes'>> {
  memory?: Partial<Omit<PodMemory, 'running'>> & { running?: readonly string[] }
  /** `CONTAINER ID/KIND` -> result. */
  probes?: Record<string, boolean>
}

export function observedOf(pod: Pod | undefined, options: ObservedOptions = {}): Observed {
  const { memory = {}, probes = {}, ...rest } = options
  return {
    uid: 'u1',
    pod,
    sandboxes: [sandbox()],
    containers: [],
    hostIps: ['192.0.2.1'],
    specHashOf: ({ image }) => image,
    leftovers: false,
    ...rest,
    probes: { get: (id: string, kind: ProbeKind) => probes[`${id}/${kind}`] },
    memory: {
      setbacks: new Map(),
      backoffs: new Map(),
      hooked: new Set(),
      replaced: new Set(),
      verdict: undefined,
      ...memory,
      running: new Set(memory.running ?? []),
    },
  }
}

/** `start a#1`, `stop a-0 in 30 s`, ...: one word or two for each action, without those about probes. */
export function wordsOf(actions: readonly PodAction[]): string[] {
  return actions.flatMap((action) => {
    switch (action.type) {
      case 'createSandbox':
        return `sandbox #${action.attempt}`
      case 'startContainer':
        return `start ${action.spec.name}#${action.attempt}`
      case 'stopContainer':
        return `stop ${action.container.id} in ${action.leftSeconds} s`
      case 'killContainer':
        return `kill ${action.containerId} in ${action.graceSeconds} s`
      case 'stopSandbox':
      case 'removeSandbox':
        return `${action.type} ${action.sandboxId}`
      case 'removeContainer':
        return `remove ${action.containerId}`
      case 'event':
        return `event ${action.reason}`
      case 'condemn':
        return `condemn ${action.reason}`
      case 'syncProbes':
        return []
      default:
        return action.type
    }
  })
}
