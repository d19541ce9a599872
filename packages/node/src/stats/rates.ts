// CPU in use just now, from two samples. Pure.

import type { Sample } from './sample.ts'

/** Billionths of a core by what used them: `node`, a pod's UID, a container's id. */
export type CpuRates = ReadonlyMap<string, number>

export const NODE = 'node'

/** What began or was restarted in between has no rate yet. */
export function cpuRates(before: Sample | undefined, after: Sample): CpuRates {
  const rates = new Map<string, number>()
  if (before === undefined) return rates
  const seconds = (after.steadyMs - before.steadyMs) / 1000
  if (seconds <= 0) return rates
  const earlier = nanosOf(before)
  for (const [key, nanos] of nanosOf(after)) {
    const since = earlier.get(key)
    if (since !== undefined && nanos >= since) rates.set(key, Math.round((nanos - since) / seconds))
  }
  return rates
}

function nanosOf(sample: Sample): Map<string, number> {
  const nanos = new Map([[NODE, sample.node.cpuNanos]])
  for (const { pod, usage, containers } of sample.pods) {
    if (usage !== undefined) nanos.set(pod.metadata.uid ?? '', usage.cpuNanos)
    for (const container of containers) nanos.set(container.id, container.usage.cpuNanos)
  }
  return nanos
}
