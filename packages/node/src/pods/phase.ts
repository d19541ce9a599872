// status.phase, from the containers' statuses. Pure. Source: Kubernetes' documentation, "Pod lifecycle", pod phase.

import type { Pod } from '../contract.ts'
import type { ContainerStatuses, ContainerStatusObject } from './container-status.ts'

export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed'

/** `over`: everything has stopped for good, whatever the restart policy says. */
export function phaseOf(pod: Pod, statuses: ContainerStatuses, over: boolean): Phase {
  const { restartPolicy, initContainers = [] } = pod['spec']
  const sidecars = new Set(
    initContainers
      .filter((spec: { restartPolicy?: string }) => spec.restartPolicy === 'Always')
      .map((spec: { name: string }) => spec.name),
  )
  const init = statuses.initContainerStatuses ?? []
  const steps = init.filter(({ name }) => !sidecars.has(name))
  const beside = init.filter(({ name }) => sidecars.has(name))
  const apps = statuses.containerStatuses
  if (restartPolicy === 'Never' && steps.some(hasFailed)) return 'Failed'
  if (over && steps.some((status) => exitOf(status) !== 0)) return 'Failed'
  const begun = apps.some((status) => status['state'].running !== undefined || hasEnded(status))
  const stepsLeft = steps.some((status) => !(exitOf(status) === 0))
  const sidecarsLeft = beside.some((status) => status['started'] !== true && !hasEnded(status))
  if (!over && (stepsLeft || (sidecarsLeft && !begun))) return 'Pending'
  if (!over && apps.some((status) => status['state'].waiting !== undefined && !hasEnded(status)))
    return 'Pending'
  if ([...apps, ...beside].some((status) => status['state'].running !== undefined)) return 'Running'
  const succeeded = apps.every((status) => exitOf(status) === 0)
  if (over) return succeeded ? 'Succeeded' : 'Failed'
  if (restartPolicy === 'Always') return 'Running'
  if (succeeded) return 'Succeeded'
  return restartPolicy === 'Never' ? 'Failed' : 'Running'
}

function hasFailed(status: ContainerStatusObject): boolean {
  const exit = exitOf(status)
  return exit !== undefined && exit !== 0
}

function hasEnded(status: ContainerStatusObject): boolean {
  return status['state'].terminated !== undefined || status['lastState']?.terminated !== undefined
}

/** Of a container that is not running and does not wait to be started again. */
function exitOf(status: ContainerStatusObject): number | undefined {
  return status['state'].terminated?.exitCode
}
