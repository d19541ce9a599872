// How far an app is on its way to run, from its Deployment and its pods: a line to show, or what stops it. Pure.

import type { KubeObject } from '@brume/api/object'
import { conditionOf } from '../conditions.ts'
import { nextSize, SIZES, type SizeName } from './sizes.ts'

export type Progress =
  | { type: 'running'; pods: readonly KubeObject[] }
  | { type: 'waiting'; line: string }
  /** It will not run by itself. `logsOf`: whose last lines say more. */
  | { type: 'stopped'; why: string; next: string; logsOf?: string }

/** So long the scheduler may find no node before that counts: nodes register, others leave. */
const NO_NODE_MS = 10_000
/** What runs for so long has not ended at once, as most of what is wrong does. */
const SETTLED_MS = 2000
/** Restarts after which a crash is a loop. */
const LOOP_RESTARTS = 2

const WRONG_IMAGE = new Set(['ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName'])
const WRONG_CONFIG = new Set(['CreateContainerConfigError', 'CreateContainerError'])

export interface AppState {
  deployment: KubeObject
  /** Of its newest revision first. */
  pods: readonly KubeObject[]
  size: SizeName
  now: number
}

export function progressOf(state: AppState): Progress {
  const { deployment, pods, now } = state
  const { name = '', generation } = deployment.metadata
  const wanted: number = deployment['spec'].replicas
  const status = deployment['status'] ?? {}
  const ready = pods.filter(isReady)
  const counted = status.observedGeneration === generation && (status.availableReplicas ?? 0) >= wanted
  if (counted && ready.length >= wanted) {
    if (ready.every((pod) => isSettled(pod, now))) return { type: 'running', pods: ready }
    return { type: 'waiting', line: wanted === 1 ? 'ready' : `${wanted} ready` }
  }
  const failure = conditionOf(deployment, 'ReplicaFailure')
  if (failure?.status === 'True') {
    return {
      type: 'stopped',
      why: `no pod may be made: ${failure.message}`,
      next: `kubectl describe deployment ${name}`,
    }
  }
  for (const pod of pods) {
    const stopped = stoppedBy(pod, state)
    if (stopped !== undefined) return stopped
  }
  return { type: 'waiting', line: lineOf(pods, wanted) }
}

interface ContainerStatus {
  name: string
  restartCount: number
  state: { waiting?: Reason; running?: { startedAt?: string }; terminated?: Ended }
  lastState?: { terminated?: Ended }
}

interface Reason {
  reason: string
  message?: string
}

interface Ended extends Reason {
  exitCode: number
}

function stoppedBy(pod: KubeObject, { size, now }: AppState): Progress | undefined {
  const name = pod.metadata.name ?? ''
  const unplaced = conditionOf(pod, 'PodScheduled')
  if (unplaced?.status === 'False' && now - Date.parse(unplaced.lastTransitionTime ?? '') > NO_NODE_MS) {
    return {
      type: 'stopped',
      why: `no node takes it: ${unplaced.message}`,
      next: `./brume explain pod/${name}`,
    }
  }
  for (const status of statusesOf(pod)) {
    const { reason, message = '' } = status.state.waiting ?? { reason: '' }
    if (WRONG_IMAGE.has(reason) || (reason === 'ErrImagePull' && /not found/i.test(message))) {
      return {
        type: 'stopped',
        why: `its image cannot be had: ${message || reason}`,
        next: './brume image list',
      }
    }
    if (WRONG_CONFIG.has(reason)) {
      return {
        type: 'stopped',
        why: `its container cannot be made: ${message || reason}`,
        next: `kubectl describe pod ${name}`,
      }
    }
    const crashed = crashOf(status, { pod: name, size })
    if (crashed !== undefined) return crashed
  }
  return undefined
}

function crashOf(
  status: ContainerStatus,
  { pod, size }: { pod: string; size: SizeName },
): Progress | undefined {
  const { state, lastState, restartCount } = status
  const ended = state.terminated ?? lastState?.terminated
  if (ended?.reason === 'StartError' || state.waiting?.reason === 'RunContainerError') {
    const message = ended?.message ?? state.waiting?.message ?? ''
    return {
      type: 'stopped',
      why: `its command cannot be started: ${message}`,
      next: './brume run --help   (-- ARGUMENTS, --command)',
    }
  }
  if (ended?.reason === 'OOMKilled') {
    const larger = nextSize(size)
    return {
      type: 'stopped',
      why: `it needs more memory than the ${SIZES[size].memory} of size ${size}`,
      next: larger === undefined ? `kubectl describe pod ${pod}` : `./brume run ... --size ${larger}`,
    }
  }
  const loops = state.waiting?.reason === 'CrashLoopBackOff' || restartCount >= LOOP_RESTARTS
  if (!loops || ended === undefined || state.running !== undefined) return undefined
  return {
    type: 'stopped',
    why: `it ends again and again, last with exit code ${ended.exitCode}`,
    next: `kubectl logs ${pod}`,
    logsOf: pod,
  }
}

function lineOf(pods: readonly KubeObject[], wanted: number): string {
  const stages = pods.map(stageOf)
  const counts = new Map<string, number>()
  for (const stage of stages) counts.set(stage, (counts.get(stage) ?? 0) + 1)
  if (wanted <= 1) return stages[0] ?? 'waiting for its pod'
  const parts = [...counts].map(([stage, count]) => `${count} ${stage}`)
  return parts.length === 0 ? 'waiting for its pods' : `${parts.join(', ')} (of ${wanted})`
}

function stageOf(pod: KubeObject): string {
  if (isReady(pod)) return 'ready'
  if (!pod['spec'].nodeName) return 'looking for a node'
  const statuses = statusesOf(pod)
  const waiting = statuses.find(({ state }) => state.waiting !== undefined)?.state.waiting
  if (waiting !== undefined) return STAGES[waiting.reason] ?? waiting.reason
  return statuses.length > 0 && statuses.every(({ state }) => state.running !== undefined)
    ? 'started, not ready yet'
    : 'starting'
}

const STAGES: Readonly<Record<string, string>> = {
  ContainerCreating: 'fetching its image and making its container',
  PodInitializing: 'being initialized',
  ErrImagePull: 'trying again to fetch its image',
}

export function isReady(pod: KubeObject): boolean {
  return pod.metadata.deletionTimestamp === undefined && conditionOf(pod, 'Ready')?.status === 'True'
}

/** A readiness probe has looked at it; else the time since its start says something. */
function isSettled(pod: KubeObject, now: number): boolean {
  const probed = pod['spec'].containers?.every((one: { readinessProbe?: object }) => one.readinessProbe)
  if (probed === true) return true
  return statusesOf(pod).every(({ state }) => {
    const startedAt = Date.parse(state.running?.startedAt ?? '')
    return Number.isNaN(startedAt) || now - startedAt > SETTLED_MS
  })
}

function statusesOf(pod: KubeObject): ContainerStatus[] {
  const { initContainerStatuses = [], containerStatuses = [] } = pod['status'] ?? {}
  return [...initContainerStatuses, ...containerStatuses]
}
