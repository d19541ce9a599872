// HorizontalPodAutoscaler autoscaling/v1: a view of the stored autoscaling/v2 object.

import { defineKind } from '../define.ts'
import { autoscalerV2 } from './autoscaler-v2.ts'
import { fromV1, toV1 } from './conversion.ts'

export const autoscalerV1 = defineKind({
  ...autoscalerV2,
  version: 'v1',
  columns: (autoscalerV2.columns ?? []).map((column) => ({
    ...column,
    cell: (object, now) => column.cell(fromV1(object), now),
  })),
  setDefaults(object) {
    object['spec'] ??= {}
    object['spec'].minReplicas ??= 1
  },
  prepareForCreate(object) {
    object['status'] = { currentReplicas: 0, desiredReplicas: 0 }
  },
  validate: (object, context) => autoscalerV2.validate?.(fromV1(object), context) ?? [],
  conversion: {
    storageGroup: 'autoscaling',
    storageVersion: 'v2',
    fromStorage: toV1,
    toStorage: fromV1,
  },
})
