// Go's time.Duration as text: "1h2m3.5s". Nanoseconds inside, as bigint, because Go's range (about 292 years) goes far
// beyond the safe integers.

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}
const MAX_INT64 = 2n ** 63n - 1n
const MAX_LENGTH = 128
const PART = /([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h)/y

/** Nanoseconds, or undefined when the text is not a Go duration or out of int64's range. */
export function parseGoDuration(text: string): bigint | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const negative = text[0] === '-'
  let at = negative || text[0] === '+' ? 1 : 0
  if (text.slice(at) === '0') return 0n
  if (at === text.length) return undefined
  let total = 0n
  while (at < text.length) {
    PART.lastIndex = at
    const match = PART.exec(text)
    if (match === null) return undefined
    const [part, whole = '', fraction = '', unit = ''] = match
    if (whole === '' && fraction === '') return undefined
    const nanos = UNITS[unit]!
    total += BigInt(whole === '' ? '0' : whole) * nanos
    if (fraction !== '') total += (BigInt(fraction) * nanos) / 10n ** BigInt(fraction.length)
    at += part.length
  }
  if (total > MAX_INT64 + (negative ? 1n : 0n)) return undefined
  return negative ? -total : total
}

/** Milliseconds (possibly fractional), or undefined: see parseGoDuration. */
export function goDurationMs(text: string): number | undefined {
  const nanos = parseGoDuration(text)
  return nanos === undefined ? undefined : Number(nanos) / 1e6
}

/** As Go's Duration.String: "1h2m3s", "1.5ms", "0s". */
export function formatGoDuration(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return '0s'
  const sign = nanoseconds < 0n ? '-' : ''
  const total = nanoseconds < 0n ? -nanoseconds : nanoseconds
  if (total < 1_000n) return `${sign}${total}ns`
  if (total < 1_000_000n) return `${sign}${decimal(total, 3)}µs`
  if (total < 1_000_000_000n) return `${sign}${decimal(total, 6)}ms`
  const minutes = total / 60_000_000_000n
  const seconds = `${decimal(total % 60_000_000_000n, 9)}s`
  if (minutes === 0n) return sign + seconds
  if (minutes < 60n) return `${sign}${minutes}m${seconds}`
  return `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`
}

/** value / 10^places without trailing zeros. */
function decimal(value: bigint, places: number): string {
  const unit = 10n ** BigInt(places)
  const fraction = (value % unit).toString().padStart(places, '0').replace(/0+$/, '')
  return fraction === '' ? String(value / unit) : `${value / unit}.${fraction}`
}
