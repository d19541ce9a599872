// Which containers of a pod run, for whoever probes them. Pure.

import type { Pod, RunningContainer } from '../contract.ts'
import type { PodAction } from './actions.ts'
import { containersOf, latestOf, type Observed } from './records.ts'

/** Probes begin when the postStart hook is done. */
export function probesOf(observed: Observed, pod: Pod): PodAction {
  const { memory, sandboxes, hostIps } = observed
  const running = containersOf(pod).flatMap(({ spec, kind }): RunningContainer[] => {
    const latest = latestOf(observed, spec.name)
    if (latest?.state !== 'running' || memory.hooked.has(latest.id)) return []
    return [{ id: latest.id, spec, kind, startedAtMs: latest.startedAtMs }]
  })
  return { type: 'syncProbes', pod, running, podIp: sandboxes[0]?.ips[0] ?? hostIps[0] ?? '' }
}
