// Why a Service has no endpoints that take connections. Pure.

import type { KubeObject } from '@brume/api/object'
import { fromStructured } from '@brume/api/selectors/structured'
import { conditionOf } from '../conditions.ts'
import type { NetworkWorld } from './world.ts'

export function whyEmpty(
  { pods }: NetworkWorld,
  { metadata, spec }: KubeObject,
  { targetPort }: { targetPort?: unknown },
): string {
  const selector: Record<string, string> = spec!['selector'] ?? {}
  const name = metadata.name!
  const labels = Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  if (labels === '') return `Service ${name} has no selector, and nobody gave it endpoints`
  const matching = fromStructured({ matchLabels: selector })
  const chosen = pods.filter(
    (pod) => pod.metadata.namespace === metadata.namespace && matching.matches(pod.metadata.labels ?? {}),
  )
  if (chosen.length === 0) return `Service ${name} has no endpoints: no pod has its labels (${labels})`
  const ready = chosen.filter((pod) => conditionOf(pod, 'Ready')?.status === 'True')
  if (ready.length === 0) {
    const names = chosen.map((pod) => `${pod.metadata.name} (${pod['status']?.phase ?? 'Pending'})`)
    return `Service ${name} has no endpoints: none of its pods is ready: ${names.join(', ')}`
  }
  if (typeof targetPort === 'string')
    return `Service ${name} has no endpoints: its pods have no port named "${targetPort}"`
  return `Service ${name} has no endpoints yet`
}
