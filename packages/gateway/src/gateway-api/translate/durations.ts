// Durations as the Gateway API writes them: `1h30m`, `500ms`. Source: GEP-2257.

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }
/** What stands for no limit, and for more than that. */
const MAX_MS = 86_400_000

/** Milliseconds, at most a day; `0s` is no limit, which is a day. undefined: it is not one, or not given. */
export function durationMs(text: unknown): number | undefined {
  if (typeof text !== 'string' || !/^(\d{1,5}(h|ms|m|s)){1,4}$/.test(text)) return undefined
  let total = 0
  for (const [, count, unit] of text.matchAll(/(\d+)(h|ms|m|s)/g)) total += Number(count) * UNITS[unit!]!
  return total === 0 ? MAX_MS : Math.min(total, MAX_MS)
}
