// The calls of the scheduler. Binding does not hold up the next decision: the pod counts as placed at once, and is
// forgotten and tried again when the server refuses.

import type { KubeObject } from '@brume/api/object'
import { PLACED_BECAUSE } from '@brume/api/placement'
import { type Clock, formatTime } from '@brume/base/clock'
import { isStatus } from '@brume/base/errors'
import type { Logger } from '@brume/base/log'
import { PODS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { EventRecorder } from '@brume/client/event-recorder'
import { deleteIfPresent } from '@brume/client/writes'
import { placementReason, scheduledMessage } from '@brume/scheduler/explain'
import type { Placed } from '@brume/scheduler/place'
import type { PodInfo } from '@brume/scheduler/pod-info'
import type { Victims } from '@brume/scheduler/preemption'
import type { Backlog } from './backlog.ts'
import { bindVolumes } from './bind-volumes.ts'
import { type ClusterView, SCHEDULER_NAME } from './cluster-view.ts'
import type { SchedulingAction } from './decide.ts'
import type { Waiting } from './queue.ts'
import type { Slots } from './slots.ts'
import { VOLUME_TIMEOUT_MS } from './volume-waits.ts'

export interface ActOptions {
  client: Client
  clock: Clock
  logger: Logger
  events: EventRecorder
  view: ClusterView
  /** Bounds the calls under way. */
  slots: Slots
  /** What need not be done at once. */
  later: Backlog
  /** Place whoever is next. */
  look(): void
}

/** Returns when the call has begun; what goes wrong puts the pod back into the queue. */
export async function actOnPod(options: ActOptions, action: SchedulingAction): Promise<void> {
  const { view, slots } = options
  const { waiting } = action
  if (action.type === 'bind') view.assume(waiting.info, action.placed)
  else if (action.type === 'again') {
    view.forget(waiting.info.uid)
    view.queue.retry(waiting)
    return
  } else if (action.type === 'refuse') view.queue.setAside(waiting, action.helpedBy)
  else if (action.type === 'preempt') {
    view.nominated.set(waiting.info.uid, { pod: waiting.info, node: action.victims.node })
    view.queue.setAside(waiting, new Set(['podGone', 'node']))
  }
  await slots.run(() => guarded(options, action))
}

async function guarded(
  options: ActOptions,
  action: Exclude<SchedulingAction, { type: 'again' }>,
): Promise<void> {
  const { view, logger, look } = options
  const { info } = action.waiting
  try {
    if (action.type === 'bind' && action.placed.volumes !== undefined) await bindClaims(options, action)
    else if (action.type === 'bind') await bind(options, action.placed)
    else if (action.type === 'verify') await verify(options, action.waiting)
    else if (action.type === 'preempt') await preempt(options, action)
    else await refuse(options, action.waiting, { message: action.message })
  } catch (error) {
    if (isStatus(error, 'NotFound')) return settleGone(options, action.waiting)
    const level = isStatus(error, 'Conflict') ? 'debug' : 'warn'
    logger[level]('scheduling failed, trying again', {
      pod: `${info.namespace}/${info.name}`,
      error: String(error),
    })
    // A binding may have been done all the same (its answer was lost): the pod keeps its room until that is known.
    if (action.type !== 'bind' || action.placed.volumes !== undefined) view.forget(info.uid)
    view.queue.retry(action.waiting)
    look()
  }
}

/** What came of a binding whose answer was lost. */
async function verify({ client, view, look }: ActOptions, waiting: Waiting): Promise<void> {
  const { namespace, name, uid } = waiting.info
  const pod = await client.resource(PODS).get({ namespace, name })
  // Bound: its event ends the matter.
  if (pod.metadata.uid === uid && pod['spec'].nodeName) return
  view.forget(uid)
  if (pod.metadata.uid !== uid) return
  view.queue.retry(waiting)
  look()
}

/** The pod went meanwhile: its event takes it out of the queue. */
function settleGone({ view }: ActOptions, { info }: Waiting): void {
  view.forget(info.uid)
}

/** The pod keeps its room on the node while it waits for its claims. */
async function bindClaims(
  { client, clock, view, look }: ActOptions,
  { waiting, placed }: { waiting: Waiting; placed: Placed },
): Promise<void> {
  const claims = await bindVolumes(client, placed.volumes!, placed.node)
  // It may have gone meanwhile.
  if (!view.isAssumed(waiting.info.uid)) return
  const { volumes: _, ...rest } = placed
  view.volumeWaits.add({ waiting, placed: rest, claims, untilMs: clock.now() + VOLUME_TIMEOUT_MS })
  look()
}

async function bind({ client, events, later }: ActOptions, placed: Placed): Promise<void> {
  const { pod: info, node } = placed
  const key = { namespace: info.namespace, name: info.name }
  await client.resource(PODS).createSubresource(key, 'binding', {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { ...key, uid: info.uid, annotations: { [PLACED_BECAUSE]: placementReason(placed) } },
    target: { apiVersion: 'v1', kind: 'Node', name: node },
  })
  const message = scheduledMessage(placed)
  later.add(() => events.record(typed(info), { type: 'Normal', reason: 'Scheduled', message }))
}

/** Gracefully: the victims get their grace period, and the pod waits for them. */
async function preempt(
  options: ActOptions,
  { waiting, victims, message }: { waiting: Waiting; victims: Victims; message: string },
): Promise<void> {
  await refuse(options, waiting, { message, nominatedNodeName: victims.node })
  for (const victim of victims.pods) await evict(options, { victim, by: waiting.info, node: victims.node })
}

async function evict(
  { client, clock, events, later }: ActOptions,
  { victim, by, node }: { victim: PodInfo; by: PodInfo; node: string },
): Promise<void> {
  if (victim.terminating) return
  const pods = client.resource(PODS)
  const key = { namespace: victim.namespace, name: victim.name }
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'PreemptionByScheduler',
    message: `${SCHEDULER_NAME}: preempting to accommodate a higher priority pod`,
    lastTransitionTime: formatTime(clock.now()),
  }
  try {
    const body = { metadata: { uid: victim.uid }, status: { conditions: [condition] } }
    await pods.patch(key, { type: 'strategic', body, subresource: 'status' })
    await deleteIfPresent(pods, key, { preconditions: { uid: victim.uid } })
  } catch (error) {
    // Gone, or another pod of that name: nothing is in the way any more.
    if (isStatus(error, 'NotFound') || isStatus(error, 'Conflict')) return
    throw error
  }
  const message = `Preempted by pod ${by.uid} on node ${node}`
  later.add(() => events.record(typed(victim), { type: 'Normal', reason: 'Preempted', message }))
}

/** PodScheduled says why, and so does an Event. */
async function refuse(
  { client, clock, events, later }: ActOptions,
  { info }: Waiting,
  { message, nominatedNodeName }: { message: string; nominatedNodeName?: string },
): Promise<void> {
  const known = info.pod['status']?.conditions?.find(({ type }: { type: string }) => type === 'PodScheduled')
  const isSaid = known?.status === 'False' && known.reason === 'Unschedulable' && known.message === message
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastProbeTime: null,
    lastTransitionTime: known?.status === 'False' ? known.lastTransitionTime : formatTime(clock.now()),
  }
  const key = { namespace: info.namespace, name: info.name }
  const status = {
    conditions: [condition],
    ...(nominatedNodeName === undefined ? {} : { nominatedNodeName }),
  }
  const body = { metadata: { uid: info.uid }, status }
  if (!isSaid || nominatedNodeName !== undefined) {
    await client.resource(PODS).patch(key, { type: 'strategic', body, subresource: 'status' })
  }
  later.add(() => events.record(typed(info), { type: 'Warning', reason: 'FailedScheduling', message }))
}

/** Objects of a list carry no kind. */
function typed({ pod }: PodInfo): KubeObject {
  return { ...pod, apiVersion: 'v1', kind: 'Pod' }
}
