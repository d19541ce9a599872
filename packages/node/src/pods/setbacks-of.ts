// What a failed operation means for its pod: a reason that the status shows, an event, and when it is tried again.

import type { NodeContext, Pod } from '../contract.ts'
import { PodProblem } from '../contract.ts'
import type { Memories } from './memory.ts'

interface SetbackTo {
  context: NodeContext
  memories: Memories
  pod: Pod | undefined
}

/** Reasons whose events the part that found them has written itself. */
const SAID_ALREADY = new Set(['ErrImagePull', 'ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName'])
const EVENT_OF_SANDBOX = 'FailedCreatePodSandBox'

export function setbackOf(to: SetbackTo, uid: string, operation: string, error: unknown): void {
  const { context, memories, pod } = to
  const { reason, message } = reasonOf(operation, error)
  const setback = memories.setback(uid, operation, { reason, message }, context.clock.now())
  const known = error instanceof PodProblem
  const log = known || setback.tries < 3 ? context.logger.warn : context.logger.error
  const named = pod === undefined ? uid : `${pod.metadata.namespace}/${pod.metadata.name}`
  log('a step for a pod failed', { pod: named, step: operation, reason, error: known ? message : error })
  if (pod === undefined || SAID_ALREADY.has(reason) || reason === 'PostStartHookError') return
  context.event(pod, {
    type: 'Warning',
    reason: eventReason(operation, reason),
    message: eventText(operation, reason, message),
  })
}

function reasonOf(operation: string, error: unknown): { reason: string; message: string } {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof PodProblem) return { reason: error.reason, message }
  return { reason: operation === 'sandbox' ? EVENT_OF_SANDBOX : 'RunContainerError', message }
}

/** Kubernetes says `Failed` of every container that could not be made; the status has the finer reason. */
function eventReason(operation: string, reason: string): string {
  if (operation === 'sandbox') return reason
  if (operation.startsWith('start:')) return 'Failed'
  return 'FailedKillPod'
}

function eventText(operation: string, reason: string, message: string): string {
  if (operation.startsWith('start:')) return `Error: ${message}`
  return reason === EVENT_OF_SANDBOX ? `Failed to create pod sandbox: ${message}` : message
}
