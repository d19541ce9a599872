// Columns that many kinds print, and the texts in their cells as kubectl prints them.

import type { Column } from '../resource.ts'

/** The age of the object. */
export const age: Column = {
  name: 'Age',
  type: 'string',
  description: 'Time since the object was created.',
  cell: (object, now) => ageOf(object.metadata.creationTimestamp, now),
}

/** `5d3h` since the time; `<unknown>` when there is none. */
export function ageOf(time: string | null | undefined, now: number): string {
  if (!time) return '<unknown>'
  const since = Date.parse(time)
  return Number.isNaN(since) ? '<unknown>' : humanDuration(now - since)
}

/** A duration in two or three significant figures, as apimachinery's duration.HumanDuration. */
export function humanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (hours < 192) return pair(days, 'd', hours % 24, 'h')
  if (days < 730) return `${days}d`
  const years = Math.floor(days / 365)
  if (days < 2920) return pair(years, 'y', days % 365, 'd')
  return `${years}y`
}

function pair(first: number, unit: string, second: number, smaller: string): string {
  return second === 0 ? `${first}${unit}` : `${first}${unit}${second}${smaller}`
}

/** `a=1,b=2` sorted by key; `<none>` when empty. */
export function mapText(map: Record<string, string> | null | undefined): string {
  const entries = Object.entries(map ?? {}).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return entries.length === 0 ? '<none>' : entries.map(([key, value]) => `${key}=${value}`).join(',')
}
