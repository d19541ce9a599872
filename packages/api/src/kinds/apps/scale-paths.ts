// Where the workloads of this group keep what autoscaling/v1 Scale shows.

import type { ScalePaths } from '../../resource.ts'

export const structuredScale: ScalePaths = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
  labelSelectorPath: '.spec.selector',
  structuredSelector: true,
}
