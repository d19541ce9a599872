// One call per action. What takes time is started beside the worker, which is woken when it ends.

import { isStatus } from '@brume/base/errors'
import { PODS } from '@brume/client/builtin'
import type { ImagePuller, LifecycleHooks, NodeContext, Pod, Probes } from '../contract.ts'
import { isCriError } from '../cri/connection.ts'
import type { PodAction } from './actions.ts'
import type { Condition } from './conditions.ts'
import type { Memories } from './memory.ts'
import { createSandbox, type SandboxParts } from './operations/create-sandbox.ts'
import { type StartParts, startContainer } from './operations/start-container.ts'
import { stopContainer } from './operations/stop-container.ts'
import type { Operations } from './operations.ts'
import type { PodSource } from './pod-source.ts'
import type { RuntimeViews } from './runtime-view.ts'

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
  switch (action.type) {
    case 'createSandbox': {
      const uid = uidOf(action.pod)
      operations.start(uid, 'sandbox', (signal) => createSandbox(to, action, signal))
      return
    }
    case 'startContainer': {
      const uid = uidOf(action.pod)
      const { name } = action.spec
      if (action.backoff !== undefined) memories.backoff(uid, name, action.backoff)
      operations.start(uid, `start:${name}`, (signal) => startContainer(to, action, signal))
      return
    }
    case 'stopContainer':
      operations.start(uidOf(action.pod), `stop:${action.container.id}`, () => stopContainer(to, action))
      return
    case 'killContainer':
      operations.start(action.uid, `kill:${action.containerId}`, () =>
        gone(cri.stopContainer(action.containerId, action.graceSeconds)),
      )
      return
    case 'stopSandbox':
      operations.start(action.uid, `stop:${action.sandboxId}`, () =>
        gone(cri.stopPodSandbox(action.sandboxId)),
      )
      return
    case 'removeContainer':
      return gone(cri.removeContainer(action.containerId))
    case 'removeSandbox':
      return gone(cri.removePodSandbox(action.sandboxId))
    case 'syncProbes':
      return to.probes.sync(action.pod, action.running, action.podIp)
    case 'cleanUp':
      operations.start(action.uid, 'clean', () => to.cleanUp(action.uid))
      return
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

/** The UID is in the patch: a namesake that was made meanwhile refuses it. */
async function writeStatus(to: ActContext, pod: Pod, status: Record<string, unknown>): Promise<void> {
  const { namespace = '', name = '', uid = '' } = pod.metadata
  const body = { metadata: { uid }, status: withoutLeftovers(status) }
  try {
    to.pods.saw(
      await to.context.client
        .resource<Pod>(PODS)
        .patch({ namespace, name }, { type: 'strategic', body, subresource: 'status' }),
    )
  } catch (error) {
    // It is gone; the watch says so in a moment.
    if (!(isStatus(error, 'NotFound') || isStatus(error, 'Conflict'))) throw error
  }
}

/** Conditions are merged by their type: a reason or message that holds no longer has to be taken away by name. */
function withoutLeftovers(status: Record<string, unknown>): Record<string, unknown> {
  const conditions = status['conditions'] as Condition[]
  const whole = conditions.map((condition) => ({ reason: null, message: null, ...condition }))
  return { reason: null, message: null, ...status, conditions: whole }
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
