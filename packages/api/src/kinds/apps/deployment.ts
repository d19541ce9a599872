// Deployment: rolls a pod template out over replica sets.

import { type FieldError, forbiddenField, invalid, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import {
  intOrPercentValue,
  invalidAs,
  nonnegative,
  notMoreThan100Percent,
  positiveIntOrPercent,
  unsupported,
} from '../../validate/fields.ts'
import { goIntOrString } from '../../validate/go-text.ts'
import type { Json } from '../../validate/json.ts'
import { integer, text } from '../cells.ts'
import { age } from '../columns.ts'
import { defaultPodTemplate } from '../core/pod/defaults.ts'
import { defineKind } from '../define.ts'
import { containerColumns, selectorColumn } from '../workload-cells.ts'
import {
  validateCollisionCount,
  validateCounts,
  validateReplicaTemplate,
  validateSelector,
  validateSelectorUnchanged,
  workloadWarnings,
} from '../workload-rules.ts'
import { structuredScale } from './scale-paths.ts'

const COUNTS = [
  'observedGeneration',
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
  'collisionCount',
]
const BOUNDED = ['updatedReplicas', 'readyReplicas', 'availableReplicas']

export const deployment = defineKind({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  generationFollowsAnnotations: true,
  statusKeepsMetadata: 'labels',
  shortNames: ['deploy'],
  categories: ['all'],
  scale: structuredScale,
  columns: [
    text('Ready', (object) => `${object['status']?.readyReplicas ?? 0}/${object['spec']?.replicas ?? 0}`),
    integer('Up-to-date', (object) => object['status']?.updatedReplicas ?? 0),
    integer('Available', (object) => object['status']?.availableReplicas ?? 0),
    age,
    ...containerColumns(),
    selectorColumn,
  ],
  setDefaults(object) {
    object['spec'] ??= {}
    const { spec } = object
    spec.replicas ??= 1
    spec.strategy ??= {}
    spec.strategy.type ||= 'RollingUpdate'
    if (spec.strategy.type === 'RollingUpdate') {
      spec.strategy.rollingUpdate ??= {}
      spec.strategy.rollingUpdate.maxUnavailable ??= '25%'
      spec.strategy.rollingUpdate.maxSurge ??= '25%'
    }
    spec.revisionHistoryLimit ??= 10
    spec.progressDeadlineSeconds ??= 600
    defaultPodTemplate(spec.template)
  },
  prepareForCreate(object) {
    object['status'] = {}
  },
  prepareForUpdate(object, old) {
    object['status'] = old['status']
  },
  validate,
  validateUpdate: validateSelectorUnchanged,
  validateStatusUpdate: (object, old) => [
    ...validateCounts(object['status'], COUNTS, BOUNDED),
    ...validateCollisionCount(object, old),
  ],
  warnings: workloadWarnings,
})

function validate(object: KubeObject): FieldError[] {
  const { spec } = object
  const errors = nonnegative(spec.replicas, 'spec.replicas')
  errors.push(...validateSelector(spec, 'deployment'), ...validateReplicaTemplate(spec))
  errors.push(...validateStrategy(spec.strategy ?? {}))
  errors.push(...nonnegative(spec.minReadySeconds, 'spec.minReadySeconds'))
  errors.push(...nonnegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit'))
  const deadline = spec.progressDeadlineSeconds
  if (deadline === undefined || deadline === null) return errors
  const field = 'spec.progressDeadlineSeconds'
  errors.push(...nonnegative(deadline, field))
  if (deadline <= (spec.minReadySeconds ?? 0)) {
    errors.push(invalid(field, deadline, 'must be greater than minReadySeconds'))
  }
  return errors
}

function validateStrategy(strategy: Json): FieldError[] {
  const field = 'spec.strategy.rollingUpdate'
  const rolling = strategy.rollingUpdate
  if (strategy.type === 'Recreate') {
    if (!rolling) return []
    return [forbiddenField(field, "may not be specified when strategy `type` is 'Recreate'")]
  }
  if (strategy.type !== 'RollingUpdate') {
    return [unsupported('spec.strategy', strategy.type ?? '', ['Recreate', 'RollingUpdate'])]
  }
  if (!rolling) return [required(field, 'this should be defaulted and never be nil')]
  const { maxUnavailable, maxSurge } = rolling
  const errors = [
    ...positiveIntOrPercent(maxUnavailable, `${field}.maxUnavailable`),
    ...positiveIntOrPercent(maxSurge, `${field}.maxSurge`),
  ]
  if (intOrPercentValue(maxUnavailable) === 0 && intOrPercentValue(maxSurge) === 0) {
    const why = 'may not be 0 when `maxSurge` is 0'
    errors.push(invalidAs(`${field}.maxUnavailable`, goIntOrString(maxUnavailable), why))
  }
  return errors.concat(notMoreThan100Percent(maxUnavailable, `${field}.maxUnavailable`))
}
