// CPU in use just now, from two samples. Pure.

import type { Sample } from './sample.ts'

/** Billionths of a core by what used them: `node`, a pod's UID, a container's id. */
export type CpuRates = ReadonlyMap<string, number>

export const NODE = 'node'
/** Of something younger little can be said. */
const LEAST_SECONDS = 0.1

/** What began in between is told by what it has used since. */
export function cpuRates(before: Sample | undefined, after: Sample): CpuRates {
  const rates = new Map<string, number>()
  if (before === undefined) return rates
  const betweenSeconds = (after.steadyMs - before.steadyMs) / 1000
  if (betweenSeconds <= 0) return rates
  const earlier = usedBy(before)
  for (const [key, { nanos, sinceMs }] of usedBy(after)) {
    const known = earlier.get(key)
    const isSame = known !== undefined && nanos >= known.nanos
    const seconds = isSame ? betweenSeconds : Math.max((after.atMs - sinceMs) / 1000, LEAST_SECONDS)
    rates.set(key, Math.round((isSame ? nanos - known.nanos : nanos) / seconds))
  }
  return rates
}

interface Used {
  nanos: number
  /** When it began, in milliseconds since the epoch. */
  sinceMs: number
}

function usedBy({ node, pods }: Sample): Map<string, Used> {
  const used = new Map<string, Used>([[NODE, { nanos: node.cpuNanos, sinceMs: node.bootedAtMs }]])
  for (const { pod, usage, containers } of pods) {
    for (const { id, usage: own, createdAtMs } of containers) {
      used.set(id, { nanos: own.cpuNanos, sinceMs: createdAtMs })
    }
    const sinceMs = Date.parse(pod['status']?.startTime ?? '')
    if (usage === undefined || Number.isNaN(sinceMs)) continue
    used.set(pod.metadata.uid ?? '', { nanos: usage.cpuNanos, sinceMs })
  }
  return used
}
