// Whether a container counts as started and as ready. Pure.

import type { ContainerRecord, Observed, SpecEntry } from './records.ts'

/** Running, its postStart hook done, and its startup probe, if it has one, passed. */
export function isStarted(
  { probes, memory }: Observed,
  { spec }: SpecEntry,
  latest: ContainerRecord,
): boolean {
  if (latest.state !== 'running' || memory.hooked.has(latest.id)) return false
  return spec['startupProbe'] === undefined || probes.get(latest.id, 'startup') === true
}

/** Started, and its readiness probe, if it has one, passes. An init container is ready when it has done its work. */
export function isReady(observed: Observed, entry: SpecEntry, latest: ContainerRecord | undefined): boolean {
  if (latest === undefined || entry.kind === 'ephemeral') return false
  if (entry.kind === 'init' && !entry.sidecar) return latest.state === 'exited' && latest.exitCode === 0
  if (!isStarted(observed, entry, latest)) return false
  return entry.spec['readinessProbe'] === undefined || observed.probes.get(latest.id, 'readiness') === true
}
