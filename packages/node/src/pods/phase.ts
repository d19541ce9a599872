// status.phase, from the containers' statuses. Pure. Source: Kubernetes' documentation, "Pod lifecycle", pod phase.

import type { Pod } from '../contract.ts'
import type { ContainerStatuses } from './container-status.ts'
import { type ContainerStatusObject, containersOf } from './records.ts'

export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed'

/** `over`: everything has stopped for good, whatever the restart policy says. */
export function phaseOf(pod: Pod, statuses: ContainerStatuses, over: boolean): Phase {
  const { restartPolicy } = pod['spec']
  const entries = new Map(containersOf(pod).map((entry) => [entry.spec.name, entry]))
  const isSidecar = ({ name }: ContainerStatusObject) => entries.get(name)?.sidecar === true
  const init = statuses.initContainerStatuses ?? []
  const steps = init.filter((status) => !isSidecar(status))
  const sidecars = init.filter(isSidecar)
  const apps = statuses.containerStatuses
  if (restartPolicy === 'Never' && steps.some(hasFailed)) return 'Failed'
  if (steps.some((status) => isRunning(status) || isNew(status))) return 'Pending'
  if ([...sidecars, ...apps].some(isNew)) return 'Pending'
  // One that starts again does not take the pod back, unless nothing else of it was ever started.
  const begun = apps.some((status) => isRunning(status) || endOf(status) !== undefined)
  if (!begun && sidecars.some((status) => isRunning(status) && status['started'] !== true)) return 'Pending'
  if ([...sidecars, ...apps].some(isRunning)) return 'Running'
  const succeeded = apps.every((status) => endOf(status) === 0)
  if (over) return succeeded ? 'Succeeded' : 'Failed'
  if (restartPolicy === 'Always') return 'Running'
  if (succeeded) return 'Succeeded'
  return restartPolicy === 'Never' ? 'Failed' : 'Running'
}

function isRunning({ state }: ContainerStatusObject): boolean {
  return state.running !== undefined
}

/** Of one that does not wait to be started again. */
function endOf({ state }: ContainerStatusObject): number | undefined {
  return state.terminated?.exitCode
}

/** It waits for its first start. */
function isNew({ state, lastState }: ContainerStatusObject): boolean {
  return state.waiting !== undefined && lastState?.terminated === undefined
}

function hasFailed({ state, lastState }: ContainerStatusObject): boolean {
  return ((state.terminated ?? (state.waiting && lastState?.terminated))?.exitCode ?? 0) !== 0
}
