// What one pod needs next. Pure. Deletion comes first, then the end of pods that are done, then what is to be started.

import type { Pod, RunningContainer } from '../contract.ts'
import type { PodAction } from './actions.ts'
import { decideContainers } from './decide-containers.ts'
import { decideEnd, decideGone } from './decide-end.ts'
import { quietStatus } from './quiet-status.ts'
import { containersOf, isAlive, isTerminal, latestOf, type Observed, wantsRestart } from './records.ts'
import { setbackWait } from './setback.ts'
import { statusOf } from './status.ts'

export interface PodPlan {
  actions: PodAction[]
  requeueAfterMs?: number
}

export function decidePod(observed: Observed, now: number): PodPlan {
  const { pod } = observed
  if (pod === undefined) return decideGone(observed)
  if (pod.metadata.deletionTimestamp !== undefined) return decideEnd(observed, pod, now, 'deleted')
  if (isTerminal(pod) || observed.memory.verdict !== undefined) return decideEnd(observed, pod, now, 'ended')
  const overdue = deadlineLeftMs(pod, now)
  if (overdue !== undefined && overdue <= 0) return condemn(observed, pod)
  const plan = decideRunning(observed, pod, now)
  return overdue === undefined ? plan : { ...plan, requeueAfterMs: soonest(plan.requeueAfterMs, overdue) }
}

function decideRunning(observed: Observed, pod: Pod, now: number): PodPlan {
  const sandbox = observed.sandboxes[0]
  if (isFinished(observed, pod)) return decideEnd(observed, pod, now, 'ended')
  if (sandbox === undefined || !sandbox.ready) return decideSandbox(observed, pod, now)
  const { actions, requeueAfterMs } = decideContainers(observed, pod, sandbox, now)
  const running = runningOf(observed, pod)
  const podIp = sandbox.ips[0] ?? observed.hostIps[0] ?? ''
  return withStatus(observed, pod, now, {
    actions: [...old(observed), ...actions, { type: 'syncProbes', pod, running, podIp }],
    ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
  })
}

/** A new sandbox, once everything of the one before has ended. */
function decideSandbox(observed: Observed, pod: Pod, now: number): PodPlan {
  const { sandboxes, containers, memory, uid } = observed
  const actions: PodAction[] = []
  for (const container of containers.filter(isAlive)) {
    if (!memory.running.has(`kill:${container.id}`))
      actions.push({ type: 'killContainer', uid, containerId: container.id, graceSeconds: 0 })
  }
  if (actions.length > 0) return withStatus(observed, pod, now, { actions })
  const wait = setbackWait(memory, 'sandbox', now)
  if (!memory.running.has('sandbox') && wait === 0) {
    const attempt = sandboxes.length === 0 ? 0 : Math.max(...sandboxes.map((one) => one.attempt)) + 1
    if (attempt > 0) {
      const message = 'Pod sandbox changed, it will be killed and re-created.'
      actions.push({ type: 'event', pod, eventType: 'Normal', reason: 'SandboxChanged', message })
    }
    actions.push({ type: 'createSandbox', pod, attempt })
  }
  const plan = { actions: [...old(observed), ...actions] }
  return withStatus(observed, pod, now, wait > 0 ? { ...plan, requeueAfterMs: wait } : plan)
}

/** Sandboxes before the newest go, with their containers but for the last one of each name (`logs --previous`). */
function old({ sandboxes, containers, memory, uid }: Observed): PodAction[] {
  const kept = new Map<string, number>()
  const actions: PodAction[] = []
  for (const container of containers) {
    const seen = (kept.get(container.name) ?? 0) + 1
    kept.set(container.name, seen)
    if (seen > 2 && container.state === 'exited')
      actions.push({ type: 'removeContainer', containerId: container.id })
  }
  for (const sandbox of sandboxes.slice(1)) {
    if (memory.running.has(`stop:${sandbox.id}`)) continue
    const used = containers.some((container) => container.sandboxId === sandbox.id)
    if (sandbox.ready) actions.push({ type: 'stopSandbox', uid, sandboxId: sandbox.id })
    else if (!used) actions.push({ type: 'removeSandbox', uid, sandboxId: sandbox.id })
  }
  return actions
}

export function withStatus(observed: Observed, pod: Pod, now: number, plan: PodPlan): PodPlan {
  const status = statusOf(observed, pod, now)
  if (quietStatus(pod['status'] ?? {}, status)) return plan
  return { ...plan, actions: [...plan.actions, { type: 'writeStatus', pod, status }] }
}

function runningOf(observed: Observed, pod: Pod): RunningContainer[] {
  return containersOf(pod).flatMap(({ spec, kind }) => {
    const latest = latestOf(observed, spec.name)
    if (latest?.state !== 'running') return []
    return [{ id: latest.id, spec, kind, startedAtMs: latest.startedAtMs }]
  })
}

/** Everything that was to run has run, and the restart policy asks for nothing more. */
function isFinished(observed: Observed, pod: Pod): boolean {
  const entries = containersOf(pod).filter(({ kind }) => kind !== 'ephemeral')
  const failedInit = entries.some(({ spec, kind, sidecar }) => {
    const latest = latestOf(observed, spec.name)
    const failed = latest?.state === 'exited' && latest.exitCode !== 0
    return kind === 'init' && !sidecar && failed && pod['spec'].restartPolicy === 'Never'
  })
  if (failedInit) return true
  const apps = entries.filter(({ kind }) => kind === 'app')
  return apps.every((entry) => {
    const latest = latestOf(observed, entry.spec.name)
    return latest?.state === 'exited' && !wantsRestart(pod, entry, latest)
  })
}

function deadlineLeftMs(pod: Pod, now: number): number | undefined {
  const seconds = pod['spec'].activeDeadlineSeconds
  const startTime = pod['status']?.startTime
  if (seconds === undefined || startTime === undefined) return undefined
  return Date.parse(startTime) + seconds * 1000 - now
}

function condemn({ uid }: Observed, pod: Pod): PodPlan {
  const message = 'Pod was active on the node longer than the specified deadline'
  const reason = 'DeadlineExceeded'
  return {
    actions: [
      { type: 'event', pod, eventType: 'Normal', reason, message },
      { type: 'condemn', uid, reason, message, graceSeconds: undefined },
    ],
    requeueAfterMs: 0,
  }
}

export function soonest(a: number | undefined, b: number | undefined): number {
  return Math.min(a ?? Number.POSITIVE_INFINITY, b ?? Number.POSITIVE_INFINITY)
}
