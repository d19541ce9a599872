// PodMetrics objects as samples of one resource.

import type { KubeObject } from '@brume/api/object'
import { quantityMilliValue } from '@brume/base/quantity'
import { timeOf } from '../pod-control/pod-state.ts'
import type { Sample, Samples, Target } from './measure.ts'

/** Go durations, as far as metrics servers write them: `10s`, `1m30s`, `14.2s`. */
const DURATION = /(\d+(?:\.\d+)?)(h|ms|m|s)/g
const UNITS_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }

export function samplesOf(
  metrics: readonly KubeObject[],
  { resource, container }: Target,
): { samples: Samples } | { error: string } {
  const samples = new Map<string, Sample>()
  for (const { metadata, timestamp, window, containers = [] } of metrics) {
    const measured: KubeObject[] = containers.filter(
      ({ name }: { name?: string }) => container === undefined || name === container,
    )
    if (container !== undefined && measured.length === 0) {
      const pod = `${metadata.namespace}/${metadata.name}`
      return {
        error: `failed to get container metrics: container ${container} not present in metrics for pod ${pod}`,
      }
    }
    const amounts = measured.map(({ usage }) => usage?.[resource])
    // A pod that is measured in part is not measured.
    if (amounts.length === 0 || amounts.includes(undefined)) continue
    const value = amounts.reduce((total: number, amount) => total + quantityMilliValue(String(amount)), 0)
    samples.set(metadata.name!, { value, atMs: timeOf(timestamp) ?? 0, windowMs: durationMs(window) })
  }
  return { samples }
}

export function durationMs(text: unknown): number {
  let total = 0
  for (const [, amount, unit] of String(text ?? '').matchAll(DURATION))
    total += Number(amount) * UNITS_MS[unit!]!
  return total
}
