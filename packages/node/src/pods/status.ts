// The status of a pod as the agent reports it. Pure.

import { formatTime } from '@brume/base/clock'
import type { Pod } from '../contract.ts'
import { conditionsOf } from './conditions.ts'
import { type ContainerStatuses, containerStatuses } from './container-status.ts'
import { phaseOf } from './phase.ts'
import { isAlive, type Observed } from './records.ts'

/** Fields of v1 PodStatus that belong to the agent; what others wrote among the conditions stays. */
export function statusOf(observed: Observed, pod: Pod, now: number): Record<string, unknown> {
  const { memory, sandboxes, hostIps, containers } = observed
  const ending = pod.metadata.deletionTimestamp !== undefined || memory.verdict !== undefined
  const sandbox = sandboxes[0]
  const over = ending && !containers.some(isAlive)
  const statuses = containerStatuses(observed, pod, ending, now)
  if (over) endWaiting(statuses)
  const condemned = memory.verdict !== undefined
  const phase = condemned && over ? 'Failed' : phaseOf(pod, statuses, over && hasRun(statuses))
  const ips = pod['spec'].hostNetwork === true ? hostIps.slice(0, 2) : (sandbox?.ips ?? [])
  const sandboxReady = sandbox?.ready === true && (pod['spec'].hostNetwork === true || ips.length > 0)
  const before = pod['status'] ?? {}
  return {
    phase,
    conditions: conditionsOf({
      pod,
      phase,
      statuses,
      sandboxReady,
      disruption: disruptionOf(observed),
      now,
    }),
    ...(hostIps[0] === undefined ? {} : { hostIP: hostIps[0], hostIPs: hostIps.map((ip) => ({ ip })) }),
    ...(ips[0] === undefined ? {} : { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
    startTime: before.startTime ?? formatTime(now),
    ...(memory.verdict === undefined
      ? {}
      : { reason: memory.verdict.reason, message: memory.verdict.message }),
    ...statuses,
  }
}

/** One that was never started ends as it is: nothing waits in a pod that is over. */
function endWaiting(statuses: ContainerStatuses): void {
  const all = [...statuses.containerStatuses, ...(statuses.initContainerStatuses ?? [])]
  for (const status of all) {
    if (status['state'].waiting === undefined || status['lastState']?.terminated === undefined) continue
    status['state'] = status['lastState']
    status['lastState'] = {}
  }
}

function hasRun(statuses: ContainerStatuses): boolean {
  return [...statuses.containerStatuses, ...(statuses.initContainerStatuses ?? [])].some(
    ({ state }) => state.terminated !== undefined,
  )
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
