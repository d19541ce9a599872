// What was known of a container before this process began to look at it.

import type { Pod, ProbeKind } from '../contract.ts'

/**
 * What the pod's status says of this very container: an agent that was restarted goes on from there, and nobody loses
 * their endpoint for it.
 */
export function knownBefore(
  pod: Pod,
  { id, name }: { id: string; name: string },
  kind: ProbeKind,
): boolean | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod['status'] ?? {}
  const statuses: { name: string; containerID?: string; started?: boolean; ready?: boolean }[] = [
    ...containerStatuses,
    ...initContainerStatuses,
  ]
  const status = statuses.find((one) => one.name === name && one.containerID?.endsWith(`/${id}`))
  if (status === undefined) return undefined
  if (kind === 'startup') return status.started === true ? true : undefined
  if (kind === 'readiness') return status.ready === true ? true : undefined
  return undefined
}
