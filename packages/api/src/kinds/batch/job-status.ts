// What the status of a Job may say, and how it may change: it never takes back what it has counted or concluded.

import { duplicate, type FieldError, invalid, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { nonnegative } from '../../validate/fields.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { firstOverlap, IndexesError, parseIndexes } from './indexes.ts'

const COUNTS = ['active', 'succeeded', 'failed', 'ready', 'terminating']

export function validateJobStatusUpdate(job: KubeObject, old: KubeObject): FieldError[] {
  const status = job['status'] ?? {}
  const before = old['status'] ?? {}
  const errors = validateJobStatus(job)
  const wrong = (why: string) => errors.push(omitted('status.conditions', why))
  for (const type of ['Failed', 'Complete', 'FailureTarget']) {
    if (isTrue(before, type) && !isTrue(status, type))
      wrong(`cannot disable the terminal ${type}=True condition`)
  }
  for (const name of ['failed', 'succeeded']) {
    const now = status[name] ?? 0
    if (now < (before[name] ?? 0))
      errors.push(invalid(`status.${name}`, now, `cannot decrease the ${name} counter`))
  }
  const completed = status.completionTime
  if (completed && before.completionTime && completed !== before.completionTime) {
    errors.push(invalid('status.completionTime', completed, 'completionTime cannot be mutated'))
  }
  if (before.startTime && before.startTime !== status.startTime && job['spec']?.suspend !== true) {
    errors.push(required('status.startTime', 'startTime cannot be removed for unsuspended job'))
  }
  if (isTrue(before, 'SuccessCriteriaMet') && !isTrue(status, 'SuccessCriteriaMet')) {
    wrong('cannot disable the SuccessCriteriaMet=True condition')
  }
  const late = isTrue(before, 'Complete') && !isTrue(before, 'SuccessCriteriaMet')
  if (late && isTrue(status, 'SuccessCriteriaMet')) {
    wrong('cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions')
  }
  return errors
}

export function isTrue(status: Json, type: string): boolean {
  return listOf(status?.conditions).some((c) => c.type === type && c.status === 'True')
}

function validateJobStatus(job: KubeObject): FieldError[] {
  const status = job['status'] ?? {}
  const errors = COUNTS.flatMap((name) => nonnegative(status[name], `status.${name}`))
  errors.push(...validateUncounted(status.uncountedTerminatedPods))
  errors.push(...validateConditions(status), ...validateTimes(status))
  const finished = isTrue(status, 'Complete') || isTrue(status, 'Failed')
  if (finished) errors.push(...validateFinished(status))
  if (status.ready > (status.active ?? 0)) {
    errors.push(invalid('status.ready', status.ready, 'cannot set more ready pods than active'))
  }
  return errors.concat(validateIndexes(job))
}

function validateUncounted(uncounted: Json): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const list of ['succeeded', 'failed']) {
    for (const [i, uid] of listOf(uncounted?.[list]).entries()) {
      const field = `status.uncountedTerminatedPods.${list}[${i}]`
      if (uid === '') errors.push(invalid(field, uid, 'must not be empty'))
      else if (seen.has(uid)) errors.push(duplicate(field, uid))
      seen.add(uid)
    }
  }
  return errors
}

function validateConditions(status: Json): FieldError[] {
  const complete = isTrue(status, 'Complete')
  const failed = isTrue(status, 'Failed')
  const target = isTrue(status, 'FailureTarget')
  const met = isTrue(status, 'SuccessCriteriaMet')
  const rules: [boolean, string][] = [
    [complete && failed, 'cannot set Complete=True and Failed=true conditions'],
    [complete && target, 'cannot set Complete=True and FailureTarget=true conditions'],
    [failed && !target, 'cannot set Failed=True condition without the FailureTarget=true condition'],
    [complete && !met, 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition'],
    [met && failed, 'cannot set SuccessCriteriaMet=True and Failed=true conditions'],
    [met && target, 'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions'],
  ]
  return rules.filter(([broken]) => broken).map(([, why]) => omitted('status.conditions', why))
}

function validateTimes(status: Json): FieldError[] {
  const errors: FieldError[] = []
  const field = 'status.completionTime'
  const complete = isTrue(status, 'Complete')
  const completed = status.completionTime
  if (completed && !complete) {
    const why = 'cannot set completionTime when there is no Complete=True condition'
    errors.push(invalid(field, completed, why))
  }
  if (!completed && complete) errors.push(required(field, 'completionTime is required for Complete jobs'))
  if (completed && status.startTime && Date.parse(completed) < Date.parse(status.startTime)) {
    errors.push(invalid(field, completed, 'completionTime cannot be set before startTime'))
  }
  return errors
}

function validateFinished(status: Json): FieldError[] {
  const errors: FieldError[] = []
  if (status.active > 0)
    errors.push(invalid('status.active', status.active, 'active>0 is invalid for finished job'))
  if (!status.startTime) errors.push(required('status.startTime', 'startTime is required for finished job'))
  const uncounted = status.uncountedTerminatedPods
  if (listOf(uncounted?.failed).length + listOf(uncounted?.succeeded).length > 0) {
    const why = 'uncountedTerminatedPods needs to be empty for finished job'
    errors.push(invalid('status.uncountedTerminatedPods', uncounted, why))
  }
  if (status.terminating > 0) {
    const why = 'terminating>0 is invalid for finished job'
    errors.push(invalid('status.terminating', status.terminating, why))
  }
  return errors
}

function validateIndexes(job: KubeObject): FieldError[] {
  const { spec = {}, status = {} } = job
  const errors: FieldError[] = []
  const completed = status.completedIndexes ?? ''
  const failed = status.failedIndexes
  const hasFailed = failed !== undefined && failed !== null
  if (completed !== '' && spec.completionMode !== 'Indexed') {
    const why = 'cannot set non-empty completedIndexes when non-indexed completion mode'
    errors.push(invalid('status.completedIndexes', completed, why))
  }
  if (hasFailed && (spec.backoffLimitPerIndex === undefined || spec.backoffLimitPerIndex === null)) {
    const why = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'
    errors.push(invalid('status.failedIndexes', failed, why))
  }
  if (typeof spec.completions !== 'number') return errors
  const done = intervals('completedIndexes', completed, spec.completions, errors)
  const broken = intervals('failedIndexes', hasFailed ? failed : '', spec.completions, errors)
  const overlap = firstOverlap(done, broken)
  if (overlap !== undefined) {
    const why = `failedIndexes and completedIndexes overlap at index: ${overlap}`
    errors.push(invalid('status.failedIndexes', failed, why))
  }
  return errors
}

function intervals(
  name: string,
  text: string,
  completions: number,
  errors: FieldError[],
): [number, number][] {
  try {
    return parseIndexes(text, completions)
  } catch (error) {
    if (!(error instanceof IndexesError)) throw error
    errors.push(invalid(`status.${name}`, text, `error parsing ${name}: ${error.message}`))
    return []
  }
}

/** Invalid without saying the value, which is the whole list of conditions. */
function omitted(field: string, why: string): FieldError {
  return { type: 'FieldValueInvalid', field, message: `Invalid value: ${why}` }
}
