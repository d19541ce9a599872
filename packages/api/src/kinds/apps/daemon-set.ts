// DaemonSet: one pod on every node that fits.

import { deepEqual } from '@brume/base/values'
import { type FieldError, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import {
  intOrPercentValue,
  invalidAs,
  nonnegative,
  notMoreThan100Percent,
  positiveIntOrPercent,
  unsupported,
} from '../../validate/fields.ts'
import { goIntOrString, goLabelSelector } from '../../validate/go-text.ts'
import type { Json } from '../../validate/json.ts'
import { isEmptySelector, validateLabelSelector } from '../../validate/labels.ts'
import { integer, text } from '../cells.ts'
import { age, mapText } from '../columns.ts'
import { defaultPodTemplate } from '../core/pod/defaults.ts'
import { validatePodTemplate } from '../core/pod/template.ts'
import { defineKind } from '../define.ts'
import { containerColumns, selectorColumn } from '../workload-cells.ts'
import {
  validateCollisionCount,
  validateCounts,
  validateLongRunning,
  validateSelected,
  validateSelectorUnchanged,
  workloadWarnings,
} from '../workload-rules.ts'

const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation'

const COUNTS = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'observedGeneration',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
]

export const daemonSet = defineKind({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  shortNames: ['ds'],
  categories: ['all'],
  columns: [
    integer('Desired', (object) => object['status']?.desiredNumberScheduled ?? 0),
    integer('Current', (object) => object['status']?.currentNumberScheduled ?? 0),
    integer('Ready', (object) => object['status']?.numberReady ?? 0),
    integer('Up-to-date', (object) => object['status']?.updatedNumberScheduled ?? 0),
    integer('Available', (object) => object['status']?.numberAvailable ?? 0),
    text('Node Selector', (object) => mapText(object['spec']?.template?.spec?.nodeSelector)),
    age,
    ...containerColumns(),
    selectorColumn,
  ],
  setDefaults(object) {
    object['spec'] ??= {}
    const { spec } = object
    spec.updateStrategy ??= {}
    spec.updateStrategy.type ||= 'RollingUpdate'
    if (spec.updateStrategy.type === 'RollingUpdate') {
      spec.updateStrategy.rollingUpdate ??= {}
      spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1
      spec.updateStrategy.rollingUpdate.maxSurge ??= 0
    }
    spec.revisionHistoryLimit ??= 10
    defaultPodTemplate(spec.template)
  },
  prepareForCreate(object) {
    object['status'] = {
      currentNumberScheduled: 0,
      desiredNumberScheduled: 0,
      numberMisscheduled: 0,
      numberReady: 0,
    }
    setTemplateGeneration(object, Math.max(templateGeneration(object), 1))
  },
  prepareForUpdate(object, old) {
    object['status'] = old['status']
    defaultPodTemplate(object['spec']?.template)
    const changed = !deepEqual(object['spec']?.template, old['spec'].template)
    setTemplateGeneration(object, templateGeneration(old) + (changed ? 1 : 0))
  },
  validate,
  validateUpdate: validateSelectorUnchanged,
  validateStatusUpdate: (object, old) => [
    ...validateCounts(object['status'], COUNTS, []),
    ...validateCollisionCount(object, old),
  ],
  warnings: workloadWarnings,
})

/** How often the template changed, as of the API before apps/v1; no client may set it. Absent: 0. */
function templateGeneration({ metadata }: KubeObject): number {
  const generation = Number(metadata.annotations?.[TEMPLATE_GENERATION] ?? 0)
  return Number.isSafeInteger(generation) ? generation : 0
}

function setTemplateGeneration({ metadata }: KubeObject, generation: number): void {
  metadata.annotations = { ...metadata.annotations, [TEMPLATE_GENERATION]: String(generation) }
}

function validate(object: KubeObject): FieldError[] {
  const { spec } = object
  const errors = validateLabelSelector(spec.selector, 'spec.selector')
  errors.push(...validateSelected(spec.selector, spec.template?.metadata?.labels))
  if (spec.selector && isEmptySelector(spec.selector)) {
    const why = 'empty selector is invalid for daemonset'
    errors.push(invalidAs('spec.selector', goLabelSelector(spec.selector), why))
  }
  errors.push(...validatePodTemplate(spec.template, 'spec.template'))
  errors.push(...validateLongRunning(spec.template, 'DaemonSet'))
  errors.push(...nonnegative(spec.minReadySeconds, 'spec.minReadySeconds'))
  errors.push(...validateStrategy(spec.updateStrategy ?? {}))
  return errors.concat(nonnegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit'))
}

function validateStrategy(strategy: Json): FieldError[] {
  if (strategy.type === 'OnDelete') return []
  if (strategy.type !== 'RollingUpdate') {
    return [unsupported('spec.updateStrategy', strategy.type ?? '', ['RollingUpdate', 'OnDelete'])]
  }
  const field = 'spec.updateStrategy.rollingUpdate'
  if (!strategy.rollingUpdate) return [required(field)]
  const { maxUnavailable, maxSurge } = strategy.rollingUpdate
  const errors = [
    ...positiveIntOrPercent(maxUnavailable, `${field}.maxUnavailable`),
    ...positiveIntOrPercent(maxSurge, `${field}.maxSurge`),
  ]
  const unavailable = intOrPercentValue(maxUnavailable) !== 0
  const surge = intOrPercentValue(maxSurge) !== 0
  if (unavailable && surge) {
    const why = 'may not be set when maxUnavailable is non-zero'
    errors.push(invalidAs(`${field}.maxSurge`, goIntOrString(maxSurge), why))
  } else if (!unavailable && !surge) {
    errors.push(required(`${field}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'))
  }
  return errors.concat(
    notMoreThan100Percent(maxUnavailable, `${field}.maxUnavailable`),
    notMoreThan100Percent(maxSurge, `${field}.maxSurge`),
  )
}
