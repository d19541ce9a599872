// One call per action. What takes time is started beside the worker, which is woken when it ends.

import { isStatus } from '@brume/base/errors'
import { PODS } from '@brume/client/builtin'
import type { ImagePuller, LifecycleHooks, NodeContext, Pod, Probes } from '../contract.ts'
import { isCriError } from '../cri/connection.ts'
import { removeContainer } from '../logs/remove-container.ts'
import { operationOf, type PodAction } from './actions.ts'
import type { Memories } from './memory.ts'
import { createSandbox, type SandboxParts } from './operations/create-sandbox.ts'
import { type StartParts, startContainer } from './operations/start-container.ts'
import { stopContainer } from './operations/stop-container.ts'
import type { Operation, Operations } from './operations.ts'
import type { PodSource } from './pod-source.ts'
import type { RuntimeViews } from './runtime-view.ts'
import { statusPatch } from './status-patch.ts'

export interface ActContext extends SandboxParts, StartParts {
  context: NodeContext
  pods: PodSource
  operations: Operations
  memories: Memories
  views: RuntimeViews
  probes: Probes
  images: ImagePuller
  hooks: LifecycleHooks
  /** Whether directories, mounts or cgroups of the pod are left. */
  leftovers(uid: string): Promise<boolean>
  /** Removes them. */
  cleanUp(uid: string): Promise<void>
  /** The last of a pod: its logs, its registrations. */
  forgotten(uid: string): Promise<void>
}

export async function actOnPod(to: ActContext, action: PodAction): Promise<void> {
  const { context, operations, memories } = to
  const { cri } = context
  const begin = (uid: string, operation: Operation) => operations.start(uid, operationOf(action), operation)
  switch (action.type) {
    case 'createSandbox':
      return begin(uidOf(action.pod), (signal) => createSandbox(to, action, signal))
    case 'startContainer': {
      const { pod, spec, backoff } = action
      if (backoff !== undefined) memories.backoff(uidOf(pod), spec.name, backoff)
      return begin(uidOf(pod), (signal) => startContainer(to, action, signal))
    }
    case 'stopContainer': {
      const { pod, container, replace } = action
      if (replace) memories.replaces(uidOf(pod), container.id)
      return begin(uidOf(pod), () => stopContainer(to, action))
    }
    case 'killContainer':
      return begin(action.uid, () => gone(cri.stopContainer(action.containerId, action.graceSeconds)))
    case 'stopSandbox':
      return begin(action.uid, () => gone(cri.stopPodSandbox(action.sandboxId)))
    case 'removeContainer':
      return gone(removeContainer(cri, action.containerId))
    case 'removeSandbox':
      return gone(cri.removePodSandbox(action.sandboxId))
    case 'syncProbes':
      return to.probes.sync(action.pod, action.running, action.podIp)
    case 'cleanUp':
      return begin(action.uid, () => to.cleanUp(action.uid))
    case 'writeStatus':
      return writeStatus(to, action.pod, action.status)
    case 'deletePod':
      return deletePod(to, action.pod)
    case 'forget':
      return forget(to, action.uid)
    case 'cancel':
      return operations.cancel(action.uid, 'sandbox', 'start:')
    case 'condemn': {
      const { reason, message, graceSeconds } = action
      return memories.condemn(action.uid, { reason, message, graceSeconds })
    }
    case 'event':
      return context.event(action.pod, {
        type: action.eventType,
        reason: action.reason,
        message: action.message,
      })
  }
}

/**
 * The patch names what it was made from: a namesake that was made meanwhile refuses it, and so does a pod whose status
 * somebody else has written, such as the agent after this one.
 */
async function writeStatus(to: ActContext, pod: Pod, status: Record<string, unknown>): Promise<void> {
  const { namespace = '', name = '', uid = '', resourceVersion } = pod.metadata
  const changes = statusPatch(pod['status'] ?? {}, status)
  if (changes === undefined) return
  const body = { metadata: { uid, resourceVersion }, status: changes }
  try {
    to.pods.saw(
      await to.context.client
        .resource<Pod>(PODS)
        .patch({ namespace, name }, { type: 'strategic', body, subresource: 'status' }),
    )
  } catch (error) {
    // It is gone or another; the watch says so in a moment.
    if (!(isStatus(error, 'NotFound') || isStatus(error, 'Conflict'))) throw error
  }
}

async function deletePod({ context }: ActContext, pod: Pod): Promise<void> {
  const { namespace = '', name = '', uid = '' } = pod.metadata
  try {
    await context.client
      .resource<Pod>(PODS)
      .delete({ namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } })
  } catch (error) {
    if (!(isStatus(error, 'NotFound') || isStatus(error, 'Conflict'))) throw error
  }
}

async function forget(to: ActContext, uid: string): Promise<void> {
  to.operations.cancel(uid, '')
  to.probes.remove(uid)
  await to.forgotten(uid)
  to.memories.forget(uid)
  to.views.forget(uid)
}

/** What is not there needs no stopping. */
async function gone(call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (!(isCriError(error) && error.notFound)) throw error
  }
}

function uidOf(pod: Pod): string {
  return pod.metadata.uid ?? ''
}
