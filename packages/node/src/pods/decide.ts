// What one pod needs next. Pure. Deletion comes first, then the end of pods that are done, then what is to be started.

import type { Pod } from '../contract.ts'
import { type PodAction, SANDBOX } from './actions.ts'
import { decideContainers } from './decide-containers.ts'
import { decideEnd, decideGone, stops } from './decide-end.ts'
import { dueOf } from './due.ts'
import {
  containersOf,
  exitOf,
  isAlive,
  isTerminal,
  latestOf,
  type Observed,
  type Verdict,
  wantsRestart,
} from './records.ts'
import { probesOf } from './running.ts'
import { statusOf } from './status.ts'
import { statusPatch } from './status-patch.ts'

export interface PodPlan {
  actions: PodAction[]
  requeueAfterMs?: number
}

export function decidePod(observed: Observed, now: number): PodPlan {
  const { pod } = observed
  if (pod === undefined) return decideGone(observed, now)
  if (pod.metadata.deletionTimestamp !== undefined) return decideEnd(observed, pod, now, 'deleted')
  if (isTerminal(pod) || observed.memory.verdict !== undefined) return decideEnd(observed, pod, now, 'ended')
  if (observed.refusal !== undefined) return refuse(observed, pod, observed.refusal)
  const overdue = deadlineLeftMs(pod, now)
  if (overdue !== undefined && overdue <= 0) return condemn(observed, pod, OVERDUE)
  const plan = decideRunning(observed, pod, now)
  return overdue === undefined ? plan : { ...plan, requeueAfterMs: soonest(plan.requeueAfterMs, overdue) }
}

const OVERDUE: Verdict = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
  graceSeconds: undefined,
}

const SANDBOX_LOST: Verdict = {
  reason: 'SandboxLost',
  message: "The pod's sandbox ended before its containers did, and its restart policy is Never",
  graceSeconds: undefined,
}

function decideRunning(observed: Observed, pod: Pod, now: number): PodPlan {
  const sandbox = observed.sandboxes[0]
  if (isFinished(observed, pod)) return decideEnd(observed, pod, now, 'ended')
  const making = observed.memory.running.has(SANDBOX)
  if (making || sandbox === undefined || !sandbox.ready) return decideSandbox(observed, pod, now)
  const tidy = old(observed, now)
  const { actions, requeueAfterMs } = decideContainers(observed, pod, sandbox, now)
  return withStatus(observed, pod, now, {
    actions: [...tidy.actions, ...actions, probesOf(observed, pod)],
    ...earliest(tidy.requeueAfterMs, requeueAfterMs),
  })
}

/** A new sandbox, once everything of the one before has ended. */
function decideSandbox(observed: Observed, pod: Pod, now: number): PodPlan {
  const { sandboxes, containers, memory } = observed
  const hasRun = containersOf(pod).some(({ spec: { name } }) => {
    const latest = latestOf(observed, name)
    return (latest !== undefined && latest.state !== 'created') || exitOf(pod, name, latest) !== undefined
  })
  if (pod['spec'].restartPolicy === 'Never' && hasRun) return condemn(observed, pod, SANDBOX_LOST)
  const alive = containers.filter(isAlive)
  if (alive.length > 0)
    return withStatus(observed, pod, now, dueOf(observed, now, stops(observed, pod, alive, now)))
  const attempt = Math.max(-1, ...sandboxes.map((one) => one.attempt)) + 1
  const replaces = sandboxes.map(({ id }) => id)
  const firstTry = attempt === 0 && !memory.setbacks.has(SANDBOX)
  const due = dueOf(observed, now, [{ type: 'createSandbox', pod, attempt, replaces, firstTry }])
  const message = 'Pod sandbox changed, it will be killed and re-created.'
  const said: PodAction[] =
    attempt === 0 || memory.setbacks.has(SANDBOX) || due.actions.length === 0
      ? []
      : [{ type: 'event', pod, eventType: 'Normal', reason: 'SandboxChanged', message }]
  const tidy = old(observed, now)
  return withStatus(observed, pod, now, {
    actions: [...tidy.actions, ...said, ...due.actions, probesOf(observed, pod)],
    ...earliest(tidy.requeueAfterMs, due.requeueAfterMs),
  })
}

/**
 * Sandboxes before the newest go, with their containers but for the last two of each name (`logs --previous`); so do
 * containers that were never started.
 */
function old(observed: Observed, now: number): PodPlan {
  const { sandboxes, containers, uid } = observed
  const kept = new Map<string, number>()
  const removed = containers.filter((container) => {
    const seen = (kept.get(container.name) ?? 0) + 1
    kept.set(container.name, seen)
    return container.state === 'exited' ? seen > 2 : container.state === 'created' && seen > 1
  })
  const before = sandboxes.slice(1)
  const stop = dueOf(
    observed,
    now,
    before
      .filter(({ ready }) => ready)
      .map(({ id }): PodAction => ({ type: 'stopSandbox', uid, sandboxId: id })),
  )
  const empty = before.filter(
    ({ id, ready }) => !ready && !containers.some((container) => container.sandboxId === id),
  )
  return {
    ...stop,
    actions: [
      ...removed.map(({ id }): PodAction => ({ type: 'removeContainer', containerId: id })),
      ...stop.actions,
      ...empty.map(({ id }): PodAction => ({ type: 'removeSandbox', uid, sandboxId: id })),
    ],
  }
}

export function withStatus(observed: Observed, pod: Pod, now: number, plan: PodPlan): PodPlan {
  const status = statusOf(observed, pod, now)
  if (statusPatch(pod['status'] ?? {}, status) === undefined) return plan
  return { ...plan, actions: [...plan.actions, { type: 'writeStatus', pod, status }] }
}

/** Everything that was to run has run, and the restart policy asks for nothing more. */
function isFinished(observed: Observed, pod: Pod): boolean {
  const entries = containersOf(pod).filter(({ kind }) => kind !== 'ephemeral')
  const failedInit = entries.some(({ spec, kind, sidecar }) => {
    const exitCode = exitOf(pod, spec.name, latestOf(observed, spec.name)) ?? 0
    return kind === 'init' && !sidecar && exitCode !== 0 && pod['spec'].restartPolicy === 'Never'
  })
  if (failedInit) return true
  const apps = entries.filter(({ kind }) => kind === 'app')
  return apps.every((entry) => {
    const latest = latestOf(observed, entry.spec.name)
    const ended = exitOf(pod, entry.spec.name, latest) !== undefined
    return ended && !wantsRestart(observed, pod, entry, latest)
  })
}

function deadlineLeftMs(pod: Pod, now: number): number | undefined {
  const seconds = pod['spec'].activeDeadlineSeconds
  const startTime = pod['status']?.startTime
  if (seconds === undefined || startTime === undefined) return undefined
  return Date.parse(startTime) + seconds * 1000 - now
}

function condemn({ uid }: Observed, pod: Pod, verdict: Verdict): PodPlan {
  const { reason, message } = verdict
  return {
    actions: [
      { type: 'event', pod, eventType: 'Normal', reason, message },
      { type: 'condemn', uid, ...verdict },
    ],
    requeueAfterMs: 0,
  }
}

/** Source of the words: Kubernetes' kubelet. */
function refuse({ uid }: Observed, pod: Pod, { reason, message }: NonNullable<Observed['refusal']>): PodPlan {
  const verdict = { reason, message: `Pod was rejected: ${message}`, graceSeconds: undefined }
  return {
    actions: [
      { type: 'event', pod, eventType: 'Warning', reason, message },
      { type: 'condemn', uid, ...verdict },
    ],
    requeueAfterMs: 0,
  }
}

export function soonest(a: number | undefined, b: number | undefined): number {
  return Math.min(a ?? Number.POSITIVE_INFINITY, b ?? Number.POSITIVE_INFINITY)
}

function earliest(a: number | undefined, b: number | undefined): { requeueAfterMs?: number } {
  const requeueAfterMs = soonest(a, b)
  return requeueAfterMs === Number.POSITIVE_INFINITY ? {} : { requeueAfterMs }
}
