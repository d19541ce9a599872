// The status of a pod as the agent reports it. Pure.

import { formatTime } from '@brume/base/clock'
import type { Pod } from '../contract.ts'
import { conditionsOf } from './conditions.ts'
import { type ContainerStatuses, containerStatuses, lost } from './container-status.ts'
import { type Phase, phaseOf } from './phase.ts'
import {
  type ContainerStatusObject,
  containersOf,
  isStarting,
  knownBefore,
  latestOf,
  type Observed,
} from './records.ts'

/** Fields of v1 PodStatus that belong to the agent, and of its conditions those that are the agent's own. */
export function statusOf(observed: Observed, pod: Pod, now: number): Record<string, unknown> {
  const { memory, sandboxes, hostIps, containers } = observed
  const { verdict } = memory
  const ending = pod.metadata.deletionTimestamp !== undefined || verdict !== undefined
  const sandbox = sandboxes[0]
  const replaced = !ending && containersOf(pod).some(({ spec }) => isReplaced(observed, spec.name))
  const busy = replaced || containers.some(({ state }) => state !== 'exited') || isStarting(memory)
  const over = ending && !busy
  const statuses = containerStatuses(observed, pod, ending, now)
  const found = verdict === undefined ? phaseOf(pod, statuses, over) : 'Failed'
  const phase = finalOnly(pod, found, { busy, over })
  if (over) endWaiting(statuses, pod)
  const onHost = pod['spec'].hostNetwork === true
  const ips = onHost ? hostIps.slice(0, 2) : (sandbox?.ips ?? [])
  const before = pod['status'] ?? {}
  return {
    phase,
    conditions: conditionsOf({
      pod,
      phase,
      statuses,
      sandboxReady: sandbox?.ready === true && ips.length > 0,
      disruption: disruptionOf(observed),
      now,
    }),
    ...(hostIps[0] === undefined ? {} : { hostIP: hostIps[0], hostIPs: hostIps.map((ip) => ({ ip })) }),
    ...(ips[0] === undefined ? {} : { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
    startTime: before.startTime ?? formatTime(now),
    ...reasonOf(observed, before.phase === phase),
    ...statuses,
  }
}

/** It was stopped for its new image, and is started again whatever the restart policy says. */
function isReplaced(observed: Observed, name: string): boolean {
  return observed.memory.replaced.has(latestOf(observed, name)?.id ?? '')
}

/** A phase is final only when nothing runs or is being made any more; what is over has one that is. */
function finalOnly(pod: Pod, phase: Phase, { busy, over }: { busy: boolean; over: boolean }): Phase {
  const final = phase === 'Succeeded' || phase === 'Failed'
  if (final && busy) return pod['status']?.phase ?? 'Pending'
  return over && !final ? 'Failed' : phase
}

/** What others said about a phase goes with it. */
function reasonOf({ memory: { verdict } }: Observed, samePhase: boolean): Record<string, unknown> {
  if (verdict !== undefined) return { reason: verdict.reason, message: verdict.message }
  return samePhase ? {} : { reason: null, message: null }
}

/**
 * Nothing waits in a pod that is over: what ran before ends as it ended then, and what should have run and never did is
 * counted as lost. In a pod that never was initialized, containers that nobody tried to start go on waiting.
 */
function endWaiting(statuses: ContainerStatuses, pod: Pod): void {
  const { containerStatuses: apps, initContainerStatuses: init = [] } = statuses
  const tried = init.findLastIndex(hasBegun)
  const initialized = init.length === 0 || apps.some(hasBegun) || isDone(init.at(-1))
  for (const status of [...init.slice(0, tried + 1), ...(initialized ? apps : [])]) {
    if (status['state'].terminated !== undefined) continue
    const last = status['lastState']?.terminated
    status['state'] = { terminated: last ?? lost(knownBefore(pod, status['name'])) }
    if (last !== undefined) status['lastState'] = {}
  }
}

function hasBegun({ state, lastState }: ContainerStatusObject): boolean {
  return state.waiting === undefined || lastState?.terminated !== undefined
}

function isDone(status: ContainerStatusObject | undefined): boolean {
  return status?.['state'].terminated?.exitCode === 0
}

function disruptionOf({ memory }: Observed) {
  if (memory.verdict?.reason !== 'Evicted') return undefined
  return {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'TerminationByKubelet',
    message: memory.verdict.message,
  }
}
