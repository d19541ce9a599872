// A short text that says which fields of two values differ, for messages about forbidden changes.

import { semanticEqual } from '../../../validate/immutable.ts'

const MAX_LINES = 20

/** One `-` line and one `+` line for every field that differs, at most MAX_LINES pairs. */
export function diffText(old: unknown, now: unknown, path: string): string {
  const lines: string[] = []
  collect(old, now, path, lines)
  const shown = lines.slice(0, MAX_LINES * 2)
  if (shown.length < lines.length) shown.push(`  ... and ${(lines.length - shown.length) / 2} more`)
  return shown.join('\n')
}

function collect(old: unknown, now: unknown, path: string, lines: string[]): void {
  if (semanticEqual(old, now)) return
  if (isRecord(old) && isRecord(now)) {
    const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort()
    for (const key of keys) collect(old[key], now[key], `${path}.${key}`, lines)
    return
  }
  if (Array.isArray(old) && Array.isArray(now)) {
    const length = Math.max(old.length, now.length)
    for (let i = 0; i < length; i++) collect(old[i], now[i], `${path}[${i}]`, lines)
    return
  }
  lines.push(`- ${path}: ${text(old)}`, `+ ${path}: ${text(now)}`)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(value: unknown): string {
  return value === undefined ? 'nil' : JSON.stringify(value)
}
