// RFC 3339 times as Go reads and metav1.Time and MicroTime write them: UTC, whole seconds or microseconds, and null for
// Go's zero time.

const SECONDS_LAYOUT = '2006-01-02T15:04:05Z07:00'
const MICRO_LAYOUT = '2006-01-02T15:04:05.000000Z07:00'
const ZERO_TIME = '0001-01-01T00:00:00Z'

const CANONICAL =
  /^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$/
const RFC3339 =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})([.,][0-9]+)?(?:Z|([+-])([0-9]{2}):([0-9]{2}))$/

/** The canonical text, null for the zero time, or the error Go gives: `parsing time "x" as ...`. */
export function normalizeTime(text: string): { value: string | null } | { error: string } {
  if (CANONICAL.test(text)) return { value: text === ZERO_TIME ? null : text }
  const parsed = parse(text, SECONDS_LAYOUT)
  if ('error' in parsed) return parsed
  const value = `${isoSeconds(parsed.epochMs)}Z`
  return { value: value === ZERO_TIME ? null : value }
}

/** As normalizeTime, for MicroTime: the fraction is required and has six digits. */
export function normalizeMicroTime(text: string): { value: string | null } | { error: string } {
  const parsed = parse(text, MICRO_LAYOUT)
  if ('error' in parsed) return parsed
  const value = `${isoSeconds(parsed.epochMs)}.${parsed.fraction}Z`
  return { value: value === '0001-01-01T00:00:00.000000Z' ? null : value }
}

/** Seconds since the epoch of a canonical time, fraction dropped. */
export function epochSeconds(text: string): number {
  return Math.floor(Date.parse(text) / 1000)
}

/** `2006-01-02T15:04:05` in UTC of whole milliseconds since the epoch, years 0 to 9999. */
export function isoSeconds(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 19)
}

function parse(text: string, layout: string): { epochMs: number; fraction: string } | { error: string } {
  const match = RFC3339.exec(text)
  const micro = layout === MICRO_LAYOUT
  const fraction = match?.[7]?.slice(1) ?? ''
  if (match === null || (micro && fraction.length !== 6)) return { error: explain(text, layout) }
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const wrong = outOfRange([year, month, day, hour, minute, second])
  if (wrong !== undefined) return { error: `parsing time ${quote(text)}: ${wrong} out of range` }
  const offset = (Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0)) * (match[8] === '-' ? -1 : 1)
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute - offset, second)
  const epochMs = date.getTime()
  if (date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) {
    return { error: `parsing time ${quote(text)}: year out of range` }
  }
  return { epochMs, fraction }
}

function outOfRange([year, month, day, hour, minute, second]: readonly number[]): string | undefined {
  if (month! < 1 || month! > 12) return 'month'
  if (hour! > 23) return 'hour'
  if (minute! > 59) return 'minute'
  if (second! > 59) return 'second'
  const last = new Date(Date.UTC(2000 + (year! % 400), month!, 0)).getUTCDate()
  return day! < 1 || day! > last ? 'day' : undefined
}

/** Go walks the layout element by element and names the first that does not fit. */
function explain(text: string, layout: string): string {
  let rest = text
  for (const element of layout.match(/Z07:00|\.0+|2006|[0-9]{2}|./g)!) {
    const length = matchedLength(element, rest)
    if (length < 0)
      return `parsing time ${quote(text)} as ${quote(layout)}: cannot parse ${quote(rest)} as ${quote(element)}`
    rest = rest.slice(length)
    if (element === '05' && layout === SECONDS_LAYOUT) rest = rest.replace(/^[.,][0-9]+/, '')
  }
  return `parsing time ${quote(text)}: extra text: ${quote(rest)}`
}

function matchedLength(element: string, rest: string): number {
  const pattern =
    element === 'Z07:00'
      ? /^(?:Z|[+-][0-9]{2}:[0-9]{2})/
      : element === '2006'
        ? /^[0-9]{4}/
        : element.startsWith('.')
          ? /^[.,][0-9]{6}(?![0-9])/
          : /^[0-9]/.test(element)
            ? /^[0-9]{2}/
            : undefined
  if (pattern === undefined) return rest.startsWith(element) ? element.length : -1
  return pattern.exec(rest)?.[0].length ?? -1
}

function quote(text: string): string {
  return JSON.stringify(text)
}
