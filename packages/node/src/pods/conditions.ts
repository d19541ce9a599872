// status.conditions: those of the agent. Pure.

import { formatTime } from '@brume/base/clock'
import type { Pod } from '../contract.ts'
import type { ContainerStatuses } from './container-status.ts'
import type { Phase } from './phase.ts'
import { type ContainerStatusObject, containersOf } from './records.ts'

export interface Condition {
  type: string
  status: string
  reason?: string
  message?: string
  lastProbeTime?: string | null
  lastTransitionTime?: string
}

type Finding = Omit<Condition, 'lastProbeTime' | 'lastTransitionTime'>

export interface ConditionInput {
  pod: Pod
  phase: Phase
  statuses: ContainerStatuses
  sandboxReady: boolean
  disruption: Finding | undefined
  now: number
}

/** The conditions of others are not among them. */
export function conditionsOf(input: ConditionInput): Condition[] {
  const { pod, disruption, now } = input
  const known: Condition[] = pod['status']?.conditions ?? []
  const containersReady = containersReadyOf(input)
  const findings: Finding[] = [
    { type: 'PodReadyToStartContainers', status: input.sandboxReady ? 'True' : 'False' },
    initializedOf(input),
    readyOf(pod, known, containersReady),
    containersReady,
    // Also of a pod that named its node itself.
    { type: 'PodScheduled', status: 'True' },
    ...(disruption === undefined ? [] : [disruption]),
  ]
  return findings.map((finding) => dated(finding, known, now))
}

function initializedOf({ pod, phase, statuses }: ConditionInput): Finding {
  const type = 'Initialized'
  if (phase === 'Succeeded') return { type, status: 'True', reason: 'PodCompleted' }
  const begun = statuses.containerStatuses.some(({ state }) => state.running ?? state.terminated)
  if (begun) return { type, status: 'True' }
  const sidecars = sidecarNames(pod)
  const incomplete = (statuses.initContainerStatuses ?? []).filter((status) =>
    sidecars.has(status['name']) ? status['started'] !== true : status['ready'] !== true,
  )
  if (incomplete.length === 0) return { type, status: 'True' }
  const message = `containers with incomplete status: ${nameList(incomplete)}`
  return { type, status: 'False', reason: 'ContainersNotInitialized', message }
}
function containersReadyOf({ pod, phase, statuses }: ConditionInput): Finding {
  const type = 'ContainersReady'
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' }
  const sidecars = sidecarNames(pod)
  const counted = [
    ...(statuses.initContainerStatuses ?? []).filter((status) => sidecars.has(status['name'])),
    ...statuses.containerStatuses,
  ]
  const unready = counted.filter((status) => status['ready'] !== true)
  if (unready.length === 0) return { type, status: 'True' }
  const message = `containers with unready status: ${nameList(unready)}`
  return { type, status: 'False', reason: 'ContainersNotReady', message }
}

function readyOf(pod: Pod, known: readonly Condition[], containersReady: Finding): Finding {
  const type = 'Ready'
  if (containersReady.status !== 'True') return { ...containersReady, type }
  const gates: { conditionType: string }[] = pod['spec'].readinessGates ?? []
  const missing = gates.flatMap(({ conditionType }) => {
    const condition = known.find((one) => one.type === conditionType)
    if (condition === undefined) {
      return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`]
    }
    if (condition.status === 'True') return []
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`]
  })
  if (missing.length === 0) return { type, status: 'True' }
  return { type, status: 'False', reason: 'ReadinessGatesNotReady', message: missing.join(', ') }
}

function sidecarNames(pod: Pod): Set<string> {
  return new Set(
    containersOf(pod)
      .filter(({ sidecar }) => sidecar)
      .map(({ spec }) => spec.name),
  )
}

/** As Go prints a list of strings. */
function nameList(statuses: readonly ContainerStatusObject[]): string {
  return `[${statuses.map((status) => status['name']).join(' ')}]`
}

function dated(finding: Finding, known: readonly Condition[], now: number): Condition {
  const before = known.find(({ type }) => type === finding.type)
  const same = before?.status === finding.status
  const lastTransitionTime = (same ? before.lastTransitionTime : undefined) ?? formatTime(now)
  return { ...finding, lastProbeTime: null, lastTransitionTime }
}
