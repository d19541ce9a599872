// CronJob: makes Jobs on a schedule.

import { type FieldError, invalid, notSupported, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { formatStructured } from '../../selectors/structured.ts'
import { invalidAs, nonnegative, oneOf } from '../../validate/fields.ts'
import { goLabelSelector } from '../../validate/go-text.ts'
import { semanticEqual } from '../../validate/immutable.ts'
import { listOf } from '../../validate/json.ts'
import { integer, text, wide } from '../cells.ts'
import { age, ageOf } from '../columns.ts'
import { defaultPodTemplate } from '../core/pod/defaults.ts'
import { podWarnings } from '../core/pod/warnings.ts'
import { defineKind } from '../define.ts'
import { containerColumns } from '../workload-cells.ts'
import { CronError, parseCron } from './cron.ts'
import { validateJobSpec } from './job-spec.ts'

/** 63 for the name of a Job, less the suffix that the controller appends. */
const MAX_NAME_LENGTH = 52
const ZONE_PART = /^[A-Za-z.\-_0-9+]{1,14}$/

export const cronJob = defineKind({
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  plural: 'cronjobs',
  shortNames: ['cj'],
  categories: ['all'],
  columns: [
    text('Schedule', (object) => object['spec']?.schedule ?? ''),
    text('Timezone', (object) => object['spec']?.timeZone ?? '<none>'),
    text('Suspend', (object) => {
      const suspend = object['spec']?.suspend
      return suspend === undefined || suspend === null ? '<unset>' : suspend ? 'True' : 'False'
    }),
    integer('Active', (object) => listOf(object['status']?.active).length),
    text('Last Schedule', (object, now) => {
      const last = object['status']?.lastScheduleTime
      return last ? ageOf(last, now) : '<none>'
    }),
    age,
    ...containerColumns((object) => object['spec']?.jobTemplate?.spec?.template?.spec),
    wide('Selector', (object) => formatStructured(object['spec']?.jobTemplate?.spec?.selector)),
  ],
  setDefaults(object) {
    object['spec'] ??= {}
    const { spec } = object
    spec.concurrencyPolicy ||= 'Allow'
    spec.suspend ??= false
    spec.successfulJobsHistoryLimit ??= 3
    spec.failedJobsHistoryLimit ??= 1
    defaultPodTemplate(spec.jobTemplate?.spec?.template)
  },
  prepareForCreate(object) {
    object['status'] = {}
  },
  prepareForUpdate(object, old) {
    object['status'] = old['status']
  },
  validate,
  validateCreate(object) {
    const { name = '' } = object.metadata
    const errors = validateNoZone(object['spec'].schedule ?? '').concat(
      validateTimeZone(object['spec'].timeZone),
    )
    if (name.length > MAX_NAME_LENGTH) {
      errors.push(invalid('metadata.name', name, `must be no more than ${MAX_NAME_LENGTH} characters`))
    }
    return errors
  },
  validateUpdate(object, old) {
    const { schedule = '', timeZone } = object['spec']
    const errors: FieldError[] = []
    if (!(old['spec']?.schedule ?? '').includes('TZ')) errors.push(...validateNoZone(schedule))
    else if (schedule.includes('TZ') && typeof timeZone === 'string') {
      const why = 'cannot use both timeZone field and TZ or CRON_TZ in schedule'
      errors.push(invalid('spec.schedule', schedule, why))
    }
    return timeZone === old['spec']?.timeZone ? errors : errors.concat(validateTimeZone(timeZone))
  },
  warnings,
})

function validate(object: KubeObject): FieldError[] {
  const { spec } = object
  const errors: FieldError[] = []
  if (!spec.schedule) errors.push(required('spec.schedule'))
  else errors.push(...validateSchedule(spec.schedule))
  errors.push(...nonnegative(spec.startingDeadlineSeconds, 'spec.startingDeadlineSeconds'))
  const policies = ['Allow', 'Forbid', 'Replace']
  errors.push(...oneOf('spec.concurrencyPolicy', spec.concurrencyPolicy, policies))
  const jobSpec = spec.jobTemplate?.spec ?? {}
  errors.push(...validateJobSpec(jobSpec, 'spec.jobTemplate.spec'))
  if (jobSpec.selector) {
    const field = 'spec.jobTemplate.spec.selector'
    errors.push(invalidAs(field, goLabelSelector(jobSpec.selector), '`selector` will be auto-generated'))
  }
  if (jobSpec.manualSelector === true) {
    errors.push(notSupported('spec.jobTemplate.spec.manualSelector', true, ['nil', 'false']))
  }
  return errors.concat(
    nonnegative(spec.successfulJobsHistoryLimit, 'spec.successfulJobsHistoryLimit'),
    nonnegative(spec.failedJobsHistoryLimit, 'spec.failedJobsHistoryLimit'),
  )
}

function validateSchedule(schedule: string): FieldError[] {
  try {
    parseCron(schedule)
    return []
  } catch (error) {
    if (!(error instanceof CronError)) throw error
    return [invalid('spec.schedule', schedule, error.message)]
  }
}

function validateNoZone(schedule: string): FieldError[] {
  if (!schedule.includes('TZ')) return []
  const why = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'
  return [invalid('spec.schedule', schedule, why)]
}

function validateTimeZone(zone: string | null | undefined): FieldError[] {
  if (zone === undefined || zone === null) return []
  const field = 'spec.timeZone'
  if (zone === '') return [invalid(field, zone, 'timeZone must be nil or non-empty string')]
  const unknown = invalid(field, zone, `unknown time zone ${zone}`)
  const wellFormed = zone
    .split('/')
    .every((part) => part !== '.' && part !== '..' && !part.startsWith('-') && ZONE_PART.test(part))
  if (!wellFormed) return [unknown]
  if (zone.toLowerCase() === 'local') {
    const why = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'
    return [invalid(field, zone, why)]
  }
  return isKnownZone(zone) ? [] : [unknown]
}

function isKnownZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

function warnings(object: KubeObject, old: KubeObject | undefined): string[] {
  const { spec } = object
  const template = spec?.jobTemplate?.spec?.template
  const found: string[] = []
  if (old === undefined || !semanticEqual(template, old['spec']?.jobTemplate?.spec?.template)) {
    found.push(...podWarnings(template?.spec, template?.metadata, 'spec.jobTemplate.spec.template.'))
  }
  if (spec?.schedule?.includes('TZ')) {
    const why = 'is not officially supported and is prevented from being used in new CronJobs'
    found.push(`spec.schedule: cannot use TZ or CRON_TZ in schedule, use timeZone instead; it ${why}`)
  }
  return found
}
