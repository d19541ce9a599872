// The resources of metrics.k8s.io by `group/plural`, as the server asks for them.

import type { ComputedResource } from '../handlers/context.ts'
import { type MetricsOptions, nodeMetricsResource, podMetricsResource } from './objects.ts'

export function metricsResources(options: MetricsOptions): (id: string) => ComputedResource | undefined {
  const resources = new Map([
    ['metrics.k8s.io/nodes', nodeMetricsResource(options)],
    ['metrics.k8s.io/pods', podMetricsResource(options)],
  ])
  return (id) => resources.get(id)
}
