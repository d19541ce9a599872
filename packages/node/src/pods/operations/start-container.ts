// One container from its image to running, its postStart hook included.

import type {
  ContainerKind,
  ContainerSpec,
  ImagePuller,
  ImageUser,
  LifecycleHooks,
  NodeContext,
  Pod,
} from '../../contract.ts'
import { PodProblem } from '../../contract.ts'
import { isCriError } from '../../cri/connection.ts'
import type { ContainerConfig, SandboxConfig } from '../../cri/cri.ts'
import type { Memories } from '../memory.ts'
import { unlessAborted } from '../operations.ts'
import type { SandboxRecord } from '../records.ts'

export interface StartParts {
  context: NodeContext
  images: ImagePuller
  hooks: LifecycleHooks
  memories: Memories
  sandboxConfig(pod: Pod, attempt: number): Promise<SandboxConfig>
  containerConfig(request: ContainerConfigRequest): Promise<ContainerConfig>
  /** Resolves when what guards the pod's network is in place: no container is started before. Throws PodProblem. */
  guarded(pod: Pod, podIps: readonly string[]): Promise<void>
}

export interface ContainerConfigRequest {
  pod: Pod
  spec: ContainerSpec
  kind: ContainerKind
  attempt: number
  imageRef: string
  imageUser: ImageUser
  podIps: readonly string[]
  sandboxId: string
}

export interface StartRequest {
  pod: Pod
  spec: ContainerSpec
  kind: ContainerKind
  attempt: number
  sandbox: SandboxRecord
}

/** postStart has no limit of its own in Kubernetes; a hook that hangs must not hold the pod for ever. */
const POST_START_LIMIT_MS = 10 * 60_000

/** Throws PodProblem with the reason that the container's status shows, or CriError. */
export async function startContainer(
  parts: StartParts,
  { pod, spec, kind, attempt, sandbox }: StartRequest,
  signal: AbortSignal,
): Promise<void> {
  const { context, images, hooks, memories } = parts
  const { cri } = context
  const uid = pod.metadata.uid ?? ''
  const podIps = sandbox.ips
  const guarded = parts.guarded(pod, podIps)
  // Looked at below, maybe long after it has failed.
  guarded.catch(() => {})
  const { imageRef, imageUser } = await unlessAborted(images.ensure(pod, spec), signal)
  const [sandboxConfig, config] = await Promise.all([
    parts.sandboxConfig(pod, sandbox.attempt),
    parts.containerConfig({ pod, spec, kind, attempt, imageRef, imageUser, podIps, sandboxId: sandbox.id }),
  ])
  if (signal.aborted) return
  const request = { podSandboxId: sandbox.id, config, sandboxConfig }
  const containerId = await reasoned('CreateContainerError', cri.createContainer(request))
  context.event(pod, { type: 'Normal', reason: 'Created', message: `Created container: ${spec.name}` })
  // Left as it is, the next agent would wait whether its start is still on the way.
  try {
    await guarded
  } catch (error) {
    await cri.removeContainer(containerId)
    throw error
  }
  if (signal.aborted) {
    await cri.removeContainer(containerId)
    return
  }
  const hook = spec['lifecycle']?.postStart !== undefined
  if (hook) memories.hookBegins(uid, containerId)
  try {
    await reasoned('RunContainerError', cri.startContainer(containerId))
    context.event(pod, { type: 'Normal', reason: 'Started', message: `Started container ${spec.name}` })
    if (!hook) return
    const podIp = podIps[0] ?? ''
    const timeoutMs = POST_START_LIMIT_MS
    const running = hooks.run({ pod, container: spec, containerId, hook: 'postStart', podIp, timeoutMs })
    await unlessAborted(running, signal)
  } catch (error) {
    // A failed hook ends the container; the restart policy says what comes next.
    if (error instanceof PodProblem && error.reason === 'FailedPostStartHook') {
      context.event(pod, { type: 'Warning', reason: error.reason, message: error.message })
      await cri.stopContainer(containerId, pod['spec'].terminationGracePeriodSeconds ?? 30)
      throw new PodProblem('PostStartHookError', error.message, { cause: error })
    }
    throw error
  } finally {
    memories.hookEnds(uid, containerId)
  }
}

async function reasoned<T>(reason: string, call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (cause) {
    if (!isCriError(cause) || cause.unreachable) throw cause
    throw new PodProblem(reason, cause.message, { cause })
  }
}
