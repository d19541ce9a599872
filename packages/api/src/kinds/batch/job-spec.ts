// The spec of a Job, alone or inside a CronJob.

import { type FieldError, invalid, required, tooLong } from '../../field-error.ts'
import { validateDomainPrefixedPath } from '../../validate/domains.ts'
import { nonnegative, unsupported } from '../../validate/fields.ts'
import type { Json } from '../../validate/json.ts'
import { validatePodTemplate } from '../core/pod/template.ts'
import { validateFailurePolicy, validateReplacementPolicy, validateSuccessPolicy } from './job-policies.ts'

const MAX_MANAGED_BY_BYTES = 63
const MAX_PARALLELISM_INDEXED = 100_000
const MAX_FAILED_INDEXES = 100_000
/** Above so many completions with a backoff limit per index, the two limits below hold. */
const MANY_COMPLETIONS = 100_000
const MAX_PARALLELISM_MANY = 10_000
const MAX_FAILED_INDEXES_MANY = 10_000

const COUNTS = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
]

/** All but the selector, which a CronJob's template must not have. */
export function validateJobSpec(spec: Json, field: string): FieldError[] {
  const errors = COUNTS.flatMap((name) => nonnegative(spec[name], `${field}.${name}`))
  if (isSet(spec.maxFailedIndexes) && !isSet(spec.backoffLimitPerIndex)) {
    errors.push(required(`${field}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'))
  }
  if (isSet(spec.managedBy)) {
    errors.push(...validateDomainPrefixedPath(spec.managedBy, `${field}.managedBy`))
    if (spec.managedBy.length > MAX_MANAGED_BY_BYTES) {
      errors.push(tooLong(`${field}.managedBy`, MAX_MANAGED_BY_BYTES))
    }
  }
  errors.push(...validateCompletionMode(spec, field))
  if (spec.podFailurePolicy) errors.push(...validateFailurePolicy(spec, `${field}.podFailurePolicy`))
  if (spec.successPolicy) {
    const at = `${field}.successPolicy`
    if (spec.completionMode === 'Indexed') errors.push(...validateSuccessPolicy(spec, at))
    else errors.push(invalid(at, spec.successPolicy, 'requires indexed completion mode'))
  }
  errors.push(...validateReplacementPolicy(spec, `${field}.podReplacementPolicy`))
  errors.push(...validatePodTemplate(spec.template, `${field}.template`))
  return errors.concat(validateRestartPolicy(spec, `${field}.template.spec.restartPolicy`))
}

function validateCompletionMode(spec: Json, field: string): FieldError[] {
  const mode = spec.completionMode
  if (mode === 'Indexed') return validateIndexed(spec, field)
  const errors: FieldError[] = []
  if (isSet(mode) && mode !== 'NonIndexed') {
    errors.push(unsupported(`${field}.completionMode`, mode, ['NonIndexed', 'Indexed']))
    return errors
  }
  for (const name of ['backoffLimitPerIndex', 'maxFailedIndexes']) {
    if (isSet(spec[name]))
      errors.push(invalid(`${field}.${name}`, spec[name], 'requires indexed completion mode'))
  }
  return errors
}

function validateIndexed(spec: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const { completions, parallelism, maxFailedIndexes } = spec
  const most = (limit: number) => `must be less than or equal to ${limit}`
  if (!isSet(completions)) errors.push(required(`${field}.completions`, 'when completion mode is Indexed'))
  if (parallelism > MAX_PARALLELISM_INDEXED) {
    const why = `${most(MAX_PARALLELISM_INDEXED)} when completion mode is Indexed`
    errors.push(invalid(`${field}.parallelism`, parallelism, why))
  }
  const failed = `${field}.maxFailedIndexes`
  if (isSet(completions) && maxFailedIndexes > completions) {
    errors.push(invalid(failed, maxFailedIndexes, 'must be less than or equal to completions'))
  }
  if (maxFailedIndexes > MAX_FAILED_INDEXES) {
    errors.push(invalid(failed, maxFailedIndexes, most(MAX_FAILED_INDEXES)))
  }
  if (!(completions > MANY_COMPLETIONS) || !isSet(spec.backoffLimitPerIndex)) return errors
  const when = `when completions are above ${MANY_COMPLETIONS} and used with backoff limit per index`
  if (!isSet(maxFailedIndexes)) {
    errors.push(required(failed, `must be specified when completions is above ${MANY_COMPLETIONS}`))
  }
  if (parallelism > MAX_PARALLELISM_MANY) {
    errors.push(invalid(`${field}.parallelism`, parallelism, `${most(MAX_PARALLELISM_MANY)} ${when}`))
  }
  if (maxFailedIndexes > MAX_FAILED_INDEXES_MANY) {
    errors.push(invalid(failed, maxFailedIndexes, `${most(MAX_FAILED_INDEXES_MANY)} ${when}`))
  }
  return errors
}

/** Always is what a template gets by default, so it reads as "not said". */
function validateRestartPolicy(spec: Json, field: string): FieldError[] {
  const policy = spec.template?.spec?.restartPolicy ?? ''
  if (policy === '' || policy === 'Always') {
    return [required(field, 'valid values: "OnFailure", "Never"')]
  }
  if (policy !== 'OnFailure' && policy !== 'Never') {
    return [unsupported(field, policy, ['OnFailure', 'Never'])]
  }
  if (!spec.podFailurePolicy || policy === 'Never') return []
  return [invalid(field, policy, 'only "Never" is supported when podFailurePolicy is specified')]
}

function isSet(value: Json): boolean {
  return value !== undefined && value !== null
}
