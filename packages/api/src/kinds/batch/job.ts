// Job: runs pods until a number of them has succeeded.

import { type FieldError, invalid } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { immutable, semanticEqual } from '../../validate/immutable.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { isDNS1123Label } from '../../validate/names.ts'
import { text } from '../cells.ts'
import { age, humanDuration } from '../columns.ts'
import { defaultPodTemplate } from '../core/pod/defaults.ts'
import { defineKind } from '../define.ts'
import { containerColumns, selectorColumn } from '../workload-cells.ts'
import { workloadWarnings } from '../workload-rules.ts'
import { generateSelector, validateJobSelector } from './job-selector.ts'
import { validateJobSpec } from './job-spec.ts'
import { isTrue, validateJobStatusUpdate } from './job-status.ts'

const DEFAULT_BACKOFF_LIMIT = 6
const MAX_INT32 = 2147483647
const IMMUTABLE = [
  'completionMode',
  'podFailurePolicy',
  'backoffLimitPerIndex',
  'managedBy',
  'successPolicy',
] as const

export const job = defineKind({
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  plural: 'jobs',
  categories: ['all'],
  columns: [
    text('Status', statusText),
    text('Completions', completionsText),
    text('Duration', durationText),
    age,
    ...containerColumns(),
    selectorColumn,
  ],
  selectableFields: { 'status.successful': (object) => String(object['status']?.succeeded ?? 0) },
  setDefaults,
  prepareForCreate(object) {
    generateSelector(object)
    defaultLabels(object)
    object['status'] = {}
  },
  prepareForUpdate(object, old) {
    object['status'] = old['status']
  },
  validate(object) {
    const errors = validateJobSelector(object).concat(validateJobSpec(object['spec'], 'spec'))
    return errors.concat(validateHostnames(object))
  },
  validateUpdate,
  validateStatusUpdate: validateJobStatusUpdate,
  warnings: workloadWarnings,
})

/** The pod of the last index must have a name that can be a host name. */
function validateHostnames(object: KubeObject): FieldError[] {
  const { completionMode, completions } = object['spec']
  if (completionMode !== 'Indexed' || !(completions > 0)) return []
  const hostname = `${object.metadata.name}-${completions - 1}`
  if (isDNS1123Label(hostname).length === 0) return []
  const why = `will not able to create pod with invalid DNS label: ${hostname}`
  return [invalid('metadata.name', object.metadata.name, why)]
}

/** A Job without labels gets those of its pods, the generated ones too. */
function defaultLabels(object: KubeObject): void {
  const labels = object['spec'].template?.metadata?.labels
  if (labels && Object.keys(object.metadata.labels ?? {}).length === 0) object.metadata.labels = { ...labels }
}

function setDefaults(object: KubeObject): void {
  object['spec'] ??= {}
  const { spec } = object
  if (spec.completions === undefined && spec.parallelism === undefined) {
    spec.completions = 1
    spec.parallelism = 1
  }
  spec.parallelism ??= 1
  const perIndex = spec.backoffLimitPerIndex !== undefined && spec.backoffLimitPerIndex !== null
  spec.backoffLimit ??= perIndex ? MAX_INT32 : DEFAULT_BACKOFF_LIMIT
  defaultLabels(object)
  spec.completionMode ??= 'NonIndexed'
  spec.suspend ??= false
  for (const rule of listOf(spec.podFailurePolicy?.rules)) {
    for (const condition of listOf(rule.onPodConditions)) condition.status ||= 'True'
  }
  spec.manualSelector ??= false
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'
  defaultPodTemplate(spec.template)
}

function validateUpdate(object: KubeObject, old: KubeObject): FieldError[] {
  const spec = object['spec']
  const before = old['spec']
  const errors: FieldError[] = []
  const completions = 'spec.completions'
  if (spec.completionMode !== 'Indexed')
    errors.push(...immutable(spec.completions, before.completions, completions))
  else if (spec.completions !== before.completions && spec.completions !== spec.parallelism) {
    errors.push(
      invalid(completions, spec.completions, 'can only be modified in tandem with spec.parallelism'),
    )
  }
  errors.push(...immutable(spec.selector, before.selector, 'spec.selector'))
  const mayMove = before.suspend === true && !old['status']?.startTime
  const template = mayMove ? withPlacement(before.template ?? {}, spec.template ?? {}) : before.template
  if (!semanticEqual(spec.template, template)) {
    errors.push(...immutable(spec.template, template, 'spec.template'))
  }
  return errors.concat(IMMUTABLE.flatMap((name) => immutable(spec[name], before[name], `spec.${name}`)))
}

/** A suspended job that has not started may still be told where to run. */
function withPlacement(old: Json, now: Json): Json {
  const { nodeAffinity: _, ...others } = old.spec?.affinity ?? {}
  const nodeAffinity = now.spec?.affinity?.nodeAffinity
  const affinity = nodeAffinity ? { ...others, nodeAffinity } : others
  const spec = {
    ...old.spec,
    affinity: Object.keys(affinity).length === 0 ? now.spec?.affinity : affinity,
    nodeSelector: now.spec?.nodeSelector,
    tolerations: now.spec?.tolerations,
    schedulingGates: now.spec?.schedulingGates,
  }
  const metadata = { ...old.metadata, labels: now.metadata?.labels, annotations: now.metadata?.annotations }
  return { ...old, metadata, spec }
}

function statusText(object: KubeObject): string {
  const status = object['status']
  if (isTrue(status, 'Complete')) return 'Complete'
  if (isTrue(status, 'Failed')) return 'Failed'
  if (object.metadata.deletionTimestamp) return 'Terminating'
  for (const type of ['Suspended', 'FailureTarget', 'SuccessCriteriaMet']) {
    if (isTrue(status, type)) return type
  }
  return 'Running'
}

function completionsText(object: KubeObject): string {
  const { completions, parallelism = 0 } = object['spec'] ?? {}
  const succeeded = object['status']?.succeeded ?? 0
  if (typeof completions === 'number') return `${succeeded}/${completions}`
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function durationText(object: KubeObject, now: number): string {
  const { startTime, completionTime } = object['status'] ?? {}
  if (!startTime) return ''
  return humanDuration((completionTime ? Date.parse(completionTime) : now) - Date.parse(startTime))
}
