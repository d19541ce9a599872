// Everything a pod stands on: its directories and volumes, its cgroup, its network and namespaces.

import type { NodeContext, Pod, PodVolumes } from '../../contract.ts'
import type { SandboxConfig } from '../../cri/cri.ts'

export interface SandboxParts {
  context: NodeContext
  volumes: PodVolumes
  /** Makes the pod's cgroup and its log directory. Idempotent. */
  prepare(pod: Pod): Promise<void>
  sandboxConfig(pod: Pod, attempt: number): Promise<SandboxConfig>
  /** '' for the runtime's own. Throws PodProblem for a RuntimeClass that this node does not have. */
  runtimeHandler(pod: Pod): string | Promise<string>
}

export interface SandboxRequest {
  pod: Pod
  attempt: number
  replaces: readonly string[]
  /** Nothing has gone wrong yet: volumes, cgroup and sandbox are made side by side. */
  firstTry: boolean
}

/** Throws PodProblem or CriError. A sandbox that was made although nobody wants it any more is seen by the worker. */
export async function createSandbox(
  parts: SandboxParts,
  { pod, attempt, replaces, firstTry }: SandboxRequest,
  signal: AbortSignal,
): Promise<void> {
  const { context, volumes, prepare, sandboxConfig, runtimeHandler } = parts
  const { cri } = context
  // Also of one whose process has ended by itself: its network and addresses are still its own.
  for (const id of replaces) await cri.stopPodSandbox(id)
  const ground = () => [volumes.ensure(pod), prepare(pod)]
  if (!firstTry) await Promise.all(ground())
  const config = await sandboxConfig(pod, attempt)
  const handler = await runtimeHandler(pod)
  if (signal.aborted) return
  const making = cri.runPodSandbox(config, handler)
  const [sandbox, ...grounds] = await Promise.allSettled([making, ...(firstTry ? ground() : [])])
  if (sandbox.status === 'rejected') throw sandbox.reason
  const failed = grounds.find(({ status }) => status === 'rejected')
  if (failed === undefined) return
  // A pod that waits for a volume holds no address; it gets its next sandbox when the volume is there.
  await cri.stopPodSandbox(sandbox.value)
  await cri.removePodSandbox(sandbox.value)
  throw (failed as PromiseRejectedResult).reason
}
