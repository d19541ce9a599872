// resource.Quantity: exact decimal numbers with the suffixes of the Kubernetes API. Parsing, rounding and the canonical
// text follow apimachinery's documentation of Quantity: never finer than 1n (rounded away from zero), the format of the
// input is kept where it is exact, and a text that Go would keep as it came is kept too ("+5", "1.250").

import { assert } from './assert.ts'

export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent'

/** unscaled * 10^scale. Opaque to callers; immutable. */
export interface Quantity {
  readonly unscaled: bigint
  readonly scale: number
  readonly format: QuantityFormat
  /** Set when Go would write back the text as it came. */
  readonly text: string | undefined
}

/** What Go says of a text that is not a quantity. */
export const QUANTITY_FORMAT_ERROR =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

const NANO = -9
const MAX_INT64 = 2n ** 63n - 1n
/** Longer texts and larger exponents are refused: they cost time and mean nothing. */
const MAX_LENGTH = 256
const MAX_EXPONENT = 400
/** Go keeps up to so many decimal digits in an int64 without further checks. */
const INT64_DIGITS = 18
const CACHE_ENTRIES = 2048

const PATTERN = /^([+-]?)0*([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[+-]?[0-9]*)$/
const CANONICAL = /^(?:[1-9][0-9]{0,2}[mkMGT]?|[1-9][0-9]{0,2}[1-9][0-9]{0,2}m?)$/
const DECIMAL_EXPONENTS: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
}
const DECIMAL_SUFFIXES = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const ZERO: Quantity = { unscaled: 0n, scale: 0, format: 'DecimalSI', text: '0' }

/** Texts recur (limits, requests, capacities), so the last few are kept parsed. */
const cache = new Map<string, Quantity>()

/** undefined when `text` is not a quantity. Numbers are read as their shortest decimal text. */
export function parseQuantity(text: string | number): Quantity | undefined {
  const source = typeof text === 'number' ? String(text) : text
  const known = cache.get(source)
  if (known !== undefined) return known
  const parsed = parse(source)
  if (parsed === undefined) return undefined
  if (cache.size >= CACHE_ENTRIES) cache.clear()
  cache.set(source, parsed)
  return parsed
}

/** The text that Go writes for a quantity it read from `text`: "0.5" -> "500m", "1024Ki" -> "1Mi". */
export function canonicalQuantity(text: string | number): string | undefined {
  if (typeof text === 'string' && CANONICAL.test(text)) return text
  const quantity = parseQuantity(text)
  return quantity === undefined ? undefined : formatQuantity(quantity)
}

/** Canonical text; the format is given up where it would lose precision. */
export function formatQuantity(quantity: Quantity): string {
  if (quantity.text !== undefined) return quantity.text
  const { unscaled, scale, format } = quantity
  if (unscaled === 0n) return '0'
  if (format === 'BinarySI') {
    const whole = exactInteger(unscaled, scale)
    if (whole !== undefined && (whole >= 1024n || whole <= -1024n)) return formatBinary(whole)
  }
  return formatDecimal(unscaled, scale, format === 'DecimalExponent')
}

/** Negative, zero or positive, as `a` is less than, equal to or greater than `b`. */
export function compareQuantity(a: string, b: string): number {
  const [left, right] = align(read(a), read(b))
  return left < right ? -1 : left > right ? 1 : 0
}

/** Canonical text of a + b, in the format of `a` unless that is zero. */
export function addQuantity(a: string, b: string): string {
  return combine(a, b, 1n)
}

/** Canonical text of a - b, in the format of `a` unless that is zero. */
export function subQuantity(a: string, b: string): string {
  return combine(a, b, -1n)
}

/** Rounded away from zero to an integer, and capped to the safe range. */
export function quantityValue(text: string): number {
  return scaledValue(read(text), 0)
}

/** Thousandths, rounded away from zero to an integer, and capped to the safe range. */
export function quantityMilliValue(text: string): number {
  return scaledValue(read(text), -3)
}

export function isZeroQuantity(text: string): boolean {
  return read(text).unscaled === 0n
}

function read(text: string): Quantity {
  const quantity = parseQuantity(text)
  assert(quantity !== undefined, `not a quantity: ${text.slice(0, 64)}`)
  return quantity
}

function parse(text: string): Quantity | undefined {
  if (text === '0') return ZERO
  if (text.length > MAX_LENGTH) return undefined
  const match = PATTERN.exec(text)
  if (match === null || text === '') return undefined
  const [, sign, digits = '', denominator = '', suffix = ''] = match
  const suffixed = interpretSuffix(suffix)
  if (suffixed === undefined) return undefined
  const { base, exponent, format } = suffixed
  // Go strips leading zeros first, and then an empty numerator (also of ".5", "." and "m") counts as 0.
  const numerator = digits === '' ? '0' : digits
  if (digits === '' && denominator === '' && !/[0-9]/.test(text.slice(0, text.length - suffix.length))) {
    // No digit at all: Go's fast path reads a bare sign, "." or suffix as zero.
    return { ...ZERO, format, text: undefined }
  }
  const shifted = numerator + denominator
  const factor = base === 2 ? 2n ** BigInt(exponent) : 1n
  const scale = (base === 10 ? exponent : 0) - denominator.length
  const magnitude = BigInt(shifted) * factor
  const unscaled = sign === '-' ? -magnitude : magnitude
  if (fitsInt64({ numerator, denominator, exponent, format, scale, magnitude })) {
    const kept = keepsText({ shifted, exponent, format, scale })
    return { unscaled, scale, format, text: kept ? text : undefined }
  }
  return bounded(unscaled, scale, format)
}

function interpretSuffix(
  suffix: string,
): { base: 2 | 10; exponent: number; format: QuantityFormat } | undefined {
  const decimal = DECIMAL_EXPONENTS[suffix]
  if (decimal !== undefined) return { base: 10, exponent: decimal, format: 'DecimalSI' }
  const binary = BINARY_SUFFIXES.indexOf(suffix)
  if (binary > 0) return { base: 2, exponent: binary * 10, format: 'BinarySI' }
  if (!/^[eE][+-]?[0-9]+$/.test(suffix)) return undefined
  const exponent = Number(suffix.slice(1))
  if (Math.abs(exponent) > MAX_EXPONENT) return undefined
  return { base: 10, exponent, format: 'DecimalExponent' }
}

/** Whether Go keeps this amount as a plain int64 and scale, without rounding. */
function fitsInt64(of: {
  numerator: string
  denominator: string
  exponent: number
  format: QuantityFormat
  scale: number
  magnitude: bigint
}): boolean {
  if (of.magnitude > MAX_INT64 || of.scale < NANO) return false
  if (of.format !== 'BinarySI') return of.numerator.length + of.denominator.length <= INT64_DIGITS
  if (of.denominator !== '') return false
  return 15 - of.numerator.length - Math.trunc((of.exponent * 3) / 10) - 1 >= 0
}

function keepsText(of: {
  shifted: string
  exponent: number
  format: QuantityFormat
  scale: number
}): boolean {
  if (of.format === 'BinarySI') return (BigInt(of.shifted) & 7n) !== 0n
  return of.scale % 3 === 0 && !of.shifted.endsWith('000') && of.shifted[0] !== '0'
}

/** Rounds to 1n, and caps binary amounts, as Go does for what it holds as a big decimal. */
function bounded(unscaled: bigint, scale: number, format: QuantityFormat): Quantity {
  const fine = scale < NANO
  const value = fine ? divideUp(unscaled, 10n ** BigInt(NANO - scale)) : unscaled
  const rounded = { unscaled: value, scale: fine ? NANO : scale, text: undefined }
  if (format !== 'BinarySI') return { ...rounded, format }
  const magnitude = { unscaled: value < 0n ? -value : value, scale: rounded.scale }
  if (compareToInteger(magnitude, MAX_INT64) > 0) {
    return { unscaled: value < 0n ? -MAX_INT64 : MAX_INT64, scale: 0, format, text: undefined }
  }
  // A fraction of a byte has no binary suffix.
  const isFraction = value !== 0n && compareToInteger(magnitude, 1n) < 0
  return { ...rounded, format: isFraction ? 'DecimalSI' : format }
}

function compareToInteger(a: { unscaled: bigint; scale: number }, b: bigint): number {
  const [left, right] = align(a, { unscaled: b, scale: 0 })
  return left < right ? -1 : left > right ? 1 : 0
}

function divideUp(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor
  if (value % divisor === 0n) return quotient
  return value > 0n ? quotient + 1n : quotient - 1n
}

function exactInteger(unscaled: bigint, scale: number): bigint | undefined {
  if (scale >= 0) return unscaled * 10n ** BigInt(scale)
  const divisor = 10n ** BigInt(-scale)
  return unscaled % divisor === 0n ? unscaled / divisor : undefined
}

function formatBinary(whole: bigint): string {
  let amount = whole
  let power = 0
  while (power < BINARY_SUFFIXES.length - 1 && amount % 1024n === 0n) {
    amount /= 1024n
    power++
  }
  return `${amount}${BINARY_SUFFIXES[power]}`
}

function formatDecimal(unscaled: bigint, scale: number, asExponent: boolean): string {
  let amount = unscaled
  let exponent = scale
  while (amount % 10n === 0n) {
    amount /= 10n
    exponent++
  }
  // Down to a multiple of three, and (SI) to the largest suffix there is.
  let target = Math.floor(exponent / 3) * 3
  if (!asExponent) target = Math.min(target, 18)
  amount *= 10n ** BigInt(exponent - target)
  if (asExponent) return target === 0 ? String(amount) : `${amount}e${target}`
  return `${amount}${DECIMAL_SUFFIXES[target / 3 + 3]}`
}

function align(
  a: { unscaled: bigint; scale: number },
  b: { unscaled: bigint; scale: number },
): [bigint, bigint] {
  if (a.scale === b.scale) return [a.unscaled, b.unscaled]
  const scale = Math.min(a.scale, b.scale)
  return [a.unscaled * 10n ** BigInt(a.scale - scale), b.unscaled * 10n ** BigInt(b.scale - scale)]
}

function combine(a: string, b: string, sign: bigint): string {
  const left = read(a)
  const right = read(b)
  const [x, y] = align(left, right)
  return formatQuantity({
    unscaled: x + sign * y,
    scale: Math.min(left.scale, right.scale),
    format: left.unscaled === 0n ? right.format : left.format,
    text: undefined,
  })
}

function scaledValue(quantity: Quantity, scale: number): number {
  const shift = quantity.scale - scale
  const value =
    shift >= 0 ? quantity.unscaled * 10n ** BigInt(shift) : divideUp(quantity.unscaled, 10n ** BigInt(-shift))
  const number = Number(value)
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, number))
}
