// Schedules of CronJobs: five fields of cron, or a descriptor (`@daily`, `@every 1h`), read as robfig/cron's
// ParseStandard reads them, with its error texts.

import { goDurationMs } from '@brume/base/go-duration'

export class CronError extends Error {
  override name = 'CronError'
}

/** When a schedule fires. A day matches both day fields unless one of them is `*`; `*` with a step still counts. */
export interface CronSchedule {
  minutes: ReadonlySet<number>
  hours: ReadonlySet<number>
  daysOfMonth: ReadonlySet<number>
  months: ReadonlySet<number>
  /** 0 is Sunday. */
  daysOfWeek: ReadonlySet<number>
  anyDayOfMonth: boolean
  anyDayOfWeek: boolean
  /** `@every`: a constant delay, at least a second, instead of the fields. */
  everyMs?: number
}

interface Bounds {
  min: number
  max: number
  names?: Readonly<Record<string, number>>
}

const MINUTES: Bounds = { min: 0, max: 59 }
const HOURS: Bounds = { min: 0, max: 23 }
const DAYS_OF_MONTH: Bounds = { min: 1, max: 31 }
const MONTHS: Bounds = {
  min: 1,
  max: 12,
  names: numbered('jan feb mar apr may jun jul aug sep oct nov dec', 1),
}
const DAYS_OF_WEEK: Bounds = { min: 0, max: 6, names: numbered('sun mon tue wed thu fri sat', 0) }

const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

/** Throws CronError. A leading `TZ=` or `CRON_TZ=` is skipped: the zone is the caller's to judge. */
export function parseCron(text: string): CronSchedule {
  if (text === '') throw new CronError('empty spec string')
  const spec = text.replace(/^(TZ|CRON_TZ)=\S* ?/, '')
  if (spec.startsWith('@')) return parseDescriptor(spec)
  const fields = spec.split(/\s+/).filter((field) => field !== '')
  if (fields.length !== 5) {
    throw new CronError(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`)
  }
  const [minutes, hours, daysOfMonth, months, daysOfWeek] = fields as [string, string, string, string, string]
  return {
    minutes: parseField(minutes, MINUTES),
    hours: parseField(hours, HOURS),
    daysOfMonth: parseField(daysOfMonth, DAYS_OF_MONTH),
    months: parseField(months, MONTHS),
    daysOfWeek: parseField(daysOfWeek, DAYS_OF_WEEK),
    anyDayOfMonth: isAny(daysOfMonth),
    anyDayOfWeek: isAny(daysOfWeek),
  }
}

function parseDescriptor(spec: string): CronSchedule {
  const fields = DESCRIPTORS[spec]
  if (fields !== undefined) return parseCron(fields)
  if (!spec.startsWith('@every ')) throw new CronError(`unrecognized descriptor: ${spec}`)
  const duration = spec.slice('@every '.length)
  const everyMs = goDurationMs(duration)
  if (everyMs === undefined) {
    const why = `time: invalid duration ${JSON.stringify(duration)}`
    throw new CronError(`failed to parse duration ${spec}: ${why}`)
  }
  return { ...parseCron('* * * * *'), everyMs: Math.max(1000, Math.floor(everyMs / 1000) * 1000) }
}

/** Robfig's star bit: a `*` or `?` without a step, anywhere in the list. */
function isAny(field: string): boolean {
  return field.split(',').some((part) => part === '*' || part === '?' || part === '*/1' || part === '?/1')
}

function parseField(field: string, bounds: Bounds): ReadonlySet<number> {
  const values = new Set<number>()
  for (const part of field.split(',')) {
    if (part === '') continue
    for (const value of parseRange(part, bounds)) values.add(value)
  }
  return values
}

/** `*`, `n`, `a-b`, each with an optional `/step`. */
function parseRange(text: string, { min, max, names }: Bounds): number[] {
  const [range, stepText, ...moreSteps] = text.split('/') as [string, string?, ...string[]]
  const [low, high, ...moreParts] = range.split('-') as [string, string?, ...string[]]
  const star = low === '*' || low === '?'
  let start = min
  let end = max
  if (!star) {
    start = parseNumber(low, names)
    if (moreParts.length > 0) throw new CronError(`too many hyphens: ${text}`)
    end = high === undefined ? start : parseNumber(high, names)
  }
  if (moreSteps.length > 0) throw new CronError(`too many slashes: ${text}`)
  const step = stepText === undefined ? 1 : parseNumber(stepText, undefined)
  if (stepText !== undefined && !star && high === undefined) end = max
  if (start < min) throw new CronError(`beginning of range (${start}) below minimum (${min}): ${text}`)
  if (end > max) throw new CronError(`end of range (${end}) above maximum (${max}): ${text}`)
  if (start > end) throw new CronError(`beginning of range (${start}) beyond end of range (${end}): ${text}`)
  if (step === 0) throw new CronError(`step of range should be a positive number: ${text}`)
  const values: number[] = []
  for (let value = start; value <= end; value += step) values.push(value)
  return values
}

function parseNumber(text: string, names: Bounds['names']): number {
  const named = names?.[text.toLowerCase()]
  if (named !== undefined) return named
  if (!/^[-+]?[0-9]{1,18}$/.test(text)) {
    const why = `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`
    throw new CronError(`failed to parse int from ${text}: ${why}`)
  }
  const value = Number(text)
  if (value < 0) throw new CronError(`negative number (${value}) not allowed: ${text}`)
  return value
}

function numbered(words: string, first: number): Record<string, number> {
  return Object.fromEntries(words.split(' ').map((word, i) => [word, first + i]))
}
