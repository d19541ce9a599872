// Defaults of autoscaling/v2 HorizontalPodAutoscalers.

import type { KubeObject } from '../../object.ts'
import { type Json, listOf } from '../../validate/json.ts'

/** The target when no metric is given: 80 % of the requested cpu. */
export const DEFAULT_CPU_UTILIZATION = 80

const PERIOD_SECONDS = 15

export function defaultAutoscaler(object: KubeObject): void {
  object['spec'] ??= {}
  const { spec } = object
  spec.minReplicas ??= 1
  if (listOf(spec.metrics).length === 0) spec.metrics = [cpuMetric(DEFAULT_CPU_UTILIZATION)]
  if (!spec.behavior) return
  spec.behavior.scaleUp = withDefaults(spec.behavior.scaleUp, {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Pods', value: 4, periodSeconds: PERIOD_SECONDS },
      { type: 'Percent', value: 100, periodSeconds: PERIOD_SECONDS },
    ],
  })
  spec.behavior.scaleDown = withDefaults(spec.behavior.scaleDown, {
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 100, periodSeconds: PERIOD_SECONDS }],
  })
}

export function cpuMetric(utilization: number): Json {
  const target = { type: 'Utilization', averageUtilization: utilization }
  return { type: 'Resource', resource: { name: 'cpu', target } }
}

/** Only what is given replaces a default; an empty list of policies is given. */
function withDefaults(rules: Json, defaults: Json): Json {
  const given = Object.entries(rules ?? {}).filter(([, value]) => value !== undefined && value !== null)
  return { ...defaults, ...Object.fromEntries(given) }
}
