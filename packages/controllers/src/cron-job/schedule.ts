// When a cron schedule fires, in the wall clock of its time zone. Times that a change of the clock skips do not fire that
// day, times that it repeats fire once, as robfig/cron has it.

import type { CronSchedule } from '@brume/api/kinds/batch/cron'

interface WallTime {
  year: number
  /** 1 to 12. */
  month: number
  day: number
  hour: number
  minute: number
}

const MINUTE_MS = 60_000
/** A schedule that fires on no day of so many years never fires (30 February). */
const MAX_YEARS = 5
const DAY_MS = 86_400_000

const formats = new Map<string, Intl.DateTimeFormat>()

/** The first time after `after` (both milliseconds since the epoch); undefined: never. */
export function nextTime(schedule: CronSchedule, after: number, timeZone: string): number | undefined {
  if (schedule.everyMs !== undefined) return Math.floor(after / 1000) * 1000 + schedule.everyMs
  const first = wallTime(after, timeZone)
  let day = Date.UTC(first.year, first.month - 1, first.day)
  const end = day + MAX_YEARS * 366 * DAY_MS
  for (; day <= end; day += DAY_MS) {
    if (!matchesDay(schedule, new Date(day))) continue
    for (const hour of ascending(schedule.hours)) {
      for (const minute of ascending(schedule.minutes)) {
        const time = instantOf(day + hour * 3_600_000 + minute * MINUTE_MS, timeZone)
        if (time !== undefined && time > after) return time
      }
    }
  }
  return undefined
}

export function isTimeZone(timeZone: string): boolean {
  try {
    formatOf(timeZone)
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

function matchesDay(schedule: CronSchedule, day: Date): boolean {
  if (!schedule.months.has(day.getUTCMonth() + 1)) return false
  const ofMonth = schedule.daysOfMonth.has(day.getUTCDate())
  const ofWeek = schedule.daysOfWeek.has(day.getUTCDay())
  const either = !schedule.anyDayOfMonth && !schedule.anyDayOfWeek
  return either ? ofMonth || ofWeek : ofMonth && ofWeek
}

/** `wall` is the wall clock's reading as if it were UTC. undefined: no clock there ever shows it. */
function instantOf(wall: number, timeZone: string): number | undefined {
  if (timeZone === 'UTC') return wall
  const offsets = [wall - DAY_MS, wall + DAY_MS].map((time) => offsetMs(time, timeZone))
  const fits = offsets
    .map((offset) => wall - offset)
    .filter((time) => time + offsetMs(time, timeZone) === wall)
  return fits.length === 0 ? undefined : Math.min(...fits)
}

function offsetMs(time: number, timeZone: string): number {
  const { year, month, day, hour, minute } = wallTime(time, timeZone)
  return Date.UTC(year, month - 1, day, hour, minute) - Math.floor(time / MINUTE_MS) * MINUTE_MS
}

function wallTime(time: number, timeZone: string): WallTime {
  const parts = formatOf(timeZone).formatToParts(time)
  const of = (type: string) => Number(parts.find((part) => part.type === type)!.value)
  return { year: of('year'), month: of('month'), day: of('day'), hour: of('hour'), minute: of('minute') }
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })
  formats.set(timeZone, format)
  return format
}

function ascending(values: ReadonlySet<number>): number[] {
  return [...values].sort((a, b) => a - b)
}
