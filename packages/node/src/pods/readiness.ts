// Whether a container counts as started and as ready. What the pod's status says of a container that this agent has not
// probed yet holds until it has: an agent that is restarted takes nobody out of service. Pure.

import type { ProbeKind } from '../contract.ts'
import { knownBefore } from '../probes/known-before.ts'
import type { ContainerRecord, Observed, SpecEntry } from './records.ts'

/** Running, its postStart hook done, and its startup probe, if it has one, passed. */
export function isStarted(observed: Observed, { spec }: SpecEntry, latest: ContainerRecord): boolean {
  if (latest.state !== 'running' || observed.memory.hooked.has(latest.id)) return false
  return spec['startupProbe'] === undefined || passes(observed, latest, 'startup')
}

/** Started, and its readiness probe, if it has one, passes. An init container is ready when it has done its work. */
export function isReady(observed: Observed, entry: SpecEntry, latest: ContainerRecord | undefined): boolean {
  if (latest === undefined || entry.kind === 'ephemeral') return false
  if (entry.kind === 'init' && !entry.sidecar) return latest.state === 'exited' && latest.exitCode === 0
  if (!isStarted(observed, entry, latest)) return false
  return entry.spec['readinessProbe'] === undefined || passes(observed, latest, 'readiness')
}

function passes({ pod, probes }: Observed, latest: ContainerRecord, kind: ProbeKind): boolean {
  const known = probes.get(latest.id, kind)
  return (known ?? (pod === undefined ? undefined : knownBefore(pod, latest, kind))) === true
}
