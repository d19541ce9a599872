// What a pod's plan is made of. Those that take time run beside the worker (operations.ts) and wake it when they end.

import type { ContainerKind, ContainerSpec, Pod, RunningContainer } from '../contract.ts'
import type { Backoff, ContainerRecord, SandboxRecord } from './records.ts'

export type PodAction =
  /** Volumes, cgroup, sandbox. */
  | { type: 'createSandbox'; pod: Pod; attempt: number }
  /** Image, container, start, postStart. */
  | {
      type: 'startContainer'
      pod: Pod
      spec: ContainerSpec
      kind: ContainerKind
      attempt: number
      sandbox: SandboxRecord
      /** Of a restart: what to wait for next time. */
      backoff: Backoff | undefined
    }
  | {
      type: 'stopContainer'
      pod: Pod
      container: ContainerRecord
      /** undefined: no preStop hook to run. */
      spec: ContainerSpec | undefined
      graceSeconds: number
      /** Of the event Killing; undefined: no event. */
      message: string | undefined
      podIp: string
    }
  /** At once, of a pod that nobody has any more. */
  | { type: 'killContainer'; uid: string; containerId: string; graceSeconds: number }
  | { type: 'stopSandbox'; uid: string; sandboxId: string }
  | { type: 'removeContainer'; containerId: string }
  | { type: 'removeSandbox'; uid: string; sandboxId: string }
  | { type: 'syncProbes'; pod: Pod; running: readonly RunningContainer[]; podIp: string }
  | { type: 'cleanUp'; uid: string }
  | { type: 'writeStatus'; pod: Pod; status: Record<string, unknown> }
  | { type: 'deletePod'; pod: Pod }
  | { type: 'forget'; uid: string }
  /** What prepares something for the pod is not wanted any more. */
  | { type: 'cancel'; uid: string }
  | { type: 'condemn'; uid: string; reason: string; message: string; graceSeconds: number | undefined }
  | { type: 'event'; pod: Pod; eventType: 'Normal' | 'Warning'; reason: string; message: string }
