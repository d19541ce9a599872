// What a pod's plan is made of. Those that take time run beside the worker (operations.ts) and wake it when they end.

import type { ContainerKind, ContainerSpec, Pod, RunningContainer } from '../contract.ts'
import type { Backoff, ContainerRecord, SandboxRecord } from './records.ts'

export type PodAction =
  /** Volumes, cgroup, sandbox; `replaces`: what is left of those before, to be taken down first. */
  | { type: 'createSandbox'; pod: Pod; attempt: number; replaces: readonly string[]; firstTry: boolean }
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
      /** What the pod grants; of a second stop, with less, only the least counts. */
      graceSeconds: number
      /** What is left of it, when its turn came late. */
      leftSeconds: number
      /** It is to be started again, whatever the restart policy says. */
      replace: boolean
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

/** Under which a pod's sandbox is made. */
export const SANDBOX = 'sandbox'

/** The name under which an action runs beside the worker; '' for one that does not. */
export function operationOf(action: PodAction): string {
  switch (action.type) {
    case 'createSandbox':
      return SANDBOX
    case 'startContainer':
      return `start:${action.spec.name}`
    case 'stopContainer':
      return `stop:${action.container.id}/${action.graceSeconds}`
    case 'killContainer':
      return `kill:${action.containerId}`
    case 'stopSandbox':
      return `stop:${action.sandboxId}`
    case 'cleanUp':
      return 'clean'
    default:
      return ''
  }
}
