// HorizontalPodAutoscaler autoscaling/v2, the version that is stored.

import { integer, text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'
import { defaultAutoscaler } from './defaults.ts'
import { metricsText } from './metrics-text.ts'
import { validateAutoscaler, validateAutoscalerStatus } from './validate.ts'

export const autoscalerV2 = defineKind({
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  categories: ['all'],
  hasGeneration: false,
  columns: [
    text('Reference', (object) => {
      const { kind = '', name = '' } = object['spec']?.scaleTargetRef ?? {}
      return `${kind}/${name}`
    }),
    text('Targets', (object) => metricsText(object['spec']?.metrics, object['status']?.currentMetrics)),
    text('MinPods', (object) => String(object['spec']?.minReplicas ?? '<unset>')),
    integer('MaxPods', (object) => object['spec']?.maxReplicas ?? 0),
    integer('Replicas', (object) => object['status']?.currentReplicas ?? 0),
    age,
  ],
  setDefaults: defaultAutoscaler,
  prepareForCreate(object) {
    object['status'] = { desiredReplicas: 0 }
  },
  prepareForUpdate(object, old) {
    object['status'] = old['status']
  },
  validate: validateAutoscaler,
  validateStatusUpdate: validateAutoscalerStatus,
})
