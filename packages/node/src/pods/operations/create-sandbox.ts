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
  runtimeHandler(pod: Pod): string
}

/** Throws PodProblem or CriError. A sandbox that was made although nobody wants it any more is seen by the worker. */
export async function createSandbox(
  { context, volumes, prepare, sandboxConfig, runtimeHandler }: SandboxParts,
  { pod, attempt, replaces }: { pod: Pod; attempt: number; replaces: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  // Also of one whose process has ended by itself: its network and addresses are still its own.
  for (const id of replaces) await context.cri.stopPodSandbox(id)
  await Promise.all([volumes.ensure(pod), prepare(pod)])
  const config = await sandboxConfig(pod, attempt)
  if (signal.aborted) return
  await context.cri.runPodSandbox(config, runtimeHandler(pod))
}
