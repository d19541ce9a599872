// The end of a container: the preStop hook, then SIGTERM, then SIGKILL, all within one grace period.

import type { ContainerSpec, LifecycleHooks, NodeContext, Pod } from '../../contract.ts'
import { PodProblem } from '../../contract.ts'
import { isCriError } from '../../cri/connection.ts'
import type { ContainerRecord } from '../records.ts'

/** What a container gets for SIGTERM even if its hook used the whole grace period up. Source: Kubernetes. */
const LEAST_GRACE_SECONDS = 2

export interface StopRequest {
  pod: Pod
  container: ContainerRecord
  spec: ContainerSpec | undefined
  leftSeconds: number
  message: string | undefined
  podIp: string
}

/** Resolves when it has stopped; one that is gone already has. */
export async function stopContainer(
  { context, hooks }: { context: NodeContext; hooks: LifecycleHooks },
  { pod, container, spec, leftSeconds, message, podIp }: StopRequest,
): Promise<void> {
  const { cri, clock } = context
  const since = clock.now()
  if (message !== undefined) context.event(pod, { type: 'Normal', reason: 'Killing', message })
  if (spec?.['lifecycle']?.preStop !== undefined && leftSeconds > 0 && container.state === 'running') {
    await hooks
      .run({
        pod,
        container: spec,
        containerId: container.id,
        hook: 'preStop',
        podIp,
        timeoutMs: leftSeconds * 1000,
      })
      .catch((error) => {
        if (!(error instanceof PodProblem)) throw error
        context.event(pod, { type: 'Warning', reason: error.reason, message: error.message })
      })
  }
  const usedSeconds = Math.ceil((clock.now() - since) / 1000)
  const left = Math.max(leftSeconds - usedSeconds, LEAST_GRACE_SECONDS)
  try {
    await cri.stopContainer(container.id, left)
  } catch (error) {
    if (!(isCriError(error) && error.notFound)) throw error
  }
}
