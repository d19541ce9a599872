// What `kubectl get pods` says of a pod in READY, STATUS and RESTARTS: one walk over the container statuses.

import type { KubeObject } from '../../../object.ts'
import { type Json, listOf } from '../../../validate/json.ts'
import { ageOf } from '../../columns.ts'

export interface PodSummary {
  ready: number
  total: number
  reason: string
  restarts: number
  /** Milliseconds since the epoch; 0: no container was ever restarted. */
  lastRestartMs: number
}

/** `2 (5m ago)`. */
export function restartsText(summary: PodSummary, now: number): string {
  if (summary.restarts === 0 || summary.lastRestartMs === 0) return String(summary.restarts)
  return `${summary.restarts} (${ageOf(new Date(summary.lastRestartMs).toISOString(), now)} ago)`
}

export function summarize(pod: KubeObject): PodSummary {
  const spec = pod['spec'] ?? {}
  const status = pod['status'] ?? {}
  const sidecars = new Set<string>()
  for (const container of listOf(spec.initContainers)) {
    if (container.restartPolicy === 'Always') sidecars.add(container.name)
  }
  const total = listOf(spec.containers).length + sidecars.size
  const summary: PodSummary = {
    ready: 0,
    total,
    reason: phaseReason(status),
    restarts: 0,
    lastRestartMs: 0,
  }
  const sidecarRestarts = { restarts: 0, lastRestartMs: 0 }
  const initializing = readInitContainers({ spec, status, sidecars, summary, sidecarRestarts })
  if (!initializing || hasCondition(status, 'Initialized')) {
    Object.assign(summary, sidecarRestarts)
    readContainers(status, summary)
  }
  if (pod.metadata.deletionTimestamp) {
    if (status.reason === 'NodeLost') summary.reason = 'Unknown'
    else if (status.phase !== 'Failed' && status.phase !== 'Succeeded') summary.reason = 'Terminating'
  }
  return summary
}

function phaseReason(status: Json): string {
  const gated = listOf(status.conditions).some(
    (c) => c.type === 'PodScheduled' && c.reason === 'SchedulingGated',
  )
  return gated ? 'SchedulingGated' : status.reason || status.phase || ''
}

interface InitWalk {
  spec: Json
  status: Json
  sidecars: ReadonlySet<string>
  summary: PodSummary
  sidecarRestarts: { restarts: number; lastRestartMs: number }
}

/** Whether an init container is still in the way. */
function readInitContainers({ spec, status, sidecars, summary, sidecarRestarts }: InitWalk): boolean {
  for (const [i, container] of listOf(status.initContainerStatuses).entries()) {
    const isSidecar = sidecars.has(container.name)
    addRestarts(summary, container)
    if (isSidecar) addRestarts(sidecarRestarts, container)
    const { terminated, waiting } = container.state ?? {}
    if (terminated?.exitCode === 0) continue
    if (terminated && terminated.exitCode === undefined) continue
    if (isSidecar && container.started === true) {
      if (container.ready) summary.ready += 1
      continue
    }
    if (terminated) summary.reason = `Init:${terminatedText(terminated)}`
    else if (waiting?.reason && waiting.reason !== 'PodInitializing')
      summary.reason = `Init:${waiting.reason}`
    else summary.reason = `Init:${i}/${listOf(spec.initContainers).length}`
    return true
  }
  return false
}

function readContainers(status: Json, summary: PodSummary): void {
  let running = false
  for (const container of listOf(status.containerStatuses).toReversed()) {
    addRestarts(summary, container)
    const { waiting, terminated } = container.state ?? {}
    if (waiting?.reason) summary.reason = waiting.reason
    else if (terminated) summary.reason = terminatedText(terminated)
    else if (container.ready && container.state?.running) {
      running = true
      summary.ready += 1
    }
  }
  if (summary.reason === 'Completed' && running) {
    summary.reason = hasCondition(status, 'Ready') ? 'Running' : 'NotReady'
  }
}

function terminatedText(terminated: Json): string {
  if (terminated.reason) return terminated.reason
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode ?? 0}`
}

function addRestarts(to: { restarts: number; lastRestartMs: number }, container: Json): void {
  to.restarts += container.restartCount ?? 0
  const finished = Date.parse(container.lastState?.terminated?.finishedAt ?? '')
  if (finished > to.lastRestartMs) to.lastRestartMs = finished
}

function hasCondition(status: Json, type: string): boolean {
  return listOf(status.conditions).some((c) => c.type === type && c.status === 'True')
}
