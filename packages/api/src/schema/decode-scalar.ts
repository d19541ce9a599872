// Scalars of the built-in kinds, decoded as Go's decoder and the types' own UnmarshalJSON do, and given the text that
// Go writes for them.

import { formatGoDuration, parseGoDuration } from '@brume/base/go-duration'
import { canonicalQuantity, parseQuantity, QUANTITY_FORMAT_ERROR } from '@brume/base/quantity'
import { DecodeError, describeValue, type GoKind, type PathPart, typeError } from './decode-error.ts'
import { normalizeMicroTime, normalizeTime } from './go-time.ts'
import type { ScalarSchema, ScalarType } from './schema.ts'

export interface DecodeContext {
  path: PathPart[]
  structs: string[]
  unknownFields: string[]
  /** Fields of the objects that are being decoded, outermost first, and their values: two stacks for all of them. */
  fields: unknown[]
  values: unknown[]
  /** The first error after which Go goes on decoding; others may still come before it is reported. */
  saved: DecodeError | undefined
}

const MAX_INT32 = 2 ** 31 - 1
const MIN_INT32 = -(2 ** 31)
const MAX_INT64 = 2n ** 63n - 1n
const MIN_INT64 = -(2n ** 63n)
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The value Go shows for a field of this type that was never set. */
export function zeroScalar(scalar: ScalarType): string | number | boolean | null {
  switch (scalar) {
    case 'string':
      return ''
    case 'boolean':
      return false
    case 'quantity':
      return '0'
    case 'duration':
      return '0s'
    case 'bytes':
    case 'time':
    case 'microTime':
      return null
    default:
      return 0
  }
}

/** `value` is neither null nor undefined. Type errors are kept in `context.saved`; the zero value stands in. */
export function decodeScalar(schema: ScalarSchema, value: unknown, context: DecodeContext): unknown {
  switch (schema.scalar) {
    case 'string':
      return typeof value === 'string' ? value : mismatch(schema, value, context)
    case 'boolean':
      return typeof value === 'boolean' ? value : mismatch(schema, value, context)
    case 'int32':
      return decodeInt32(schema, value, context)
    case 'int64':
      return decodeInt64(schema, value, context)
    case 'number':
      if (typeof value === 'bigint') return Number(value)
      return typeof value === 'number' ? value : mismatch(schema, value, context)
    case 'bytes':
      return decodeBytes(schema, value, context)
    case 'quantity':
      return decodeQuantity(value)
    case 'intOrString':
      return typeof value === 'string' ? value : decodeInt32(INT32, value, context)
    case 'time':
      return decodeTime(normalizeTime, value, context)
    case 'microTime':
      return decodeTime(normalizeMicroTime, value, context)
    case 'duration':
      return decodeDuration(value, context)
  }
}

const INT32: ScalarSchema = { kind: 'scalar', scalar: 'int32', goType: 'int32' }

const GO_KINDS: Partial<Record<ScalarType, GoKind>> = {
  boolean: 'bool',
  int32: 'int32',
  int64: 'int64',
  number: 'float64',
  bytes: 'slice',
}

/** Keeps the error for the end, as Go does, and gives the zero value. */
export function mismatch(
  schema: ScalarSchema,
  value: unknown,
  context: DecodeContext,
  shown = describeValue(value),
): unknown {
  const goKind = GO_KINDS[schema.scalar] ?? 'string'
  saveTypeError(shown, { goType: schema.goType ?? schema.scalar, goKind }, context)
  return zeroScalar(schema.scalar)
}

export function saveTypeError(
  value: string,
  wanted: { goType: string; goKind: GoKind },
  context: DecodeContext,
): void {
  context.saved ??= typeError({ value, ...wanted, structs: context.structs, path: context.path })
}

function decodeInt32(schema: ScalarSchema, value: unknown, context: DecodeContext): unknown {
  if (typeof value === 'number' && Number.isInteger(value) && value <= MAX_INT32 && value >= MIN_INT32) {
    return value
  }
  const isNumber = typeof value === 'number' || typeof value === 'bigint'
  return mismatch(schema, value, context, isNumber ? `number ${value}` : undefined)
}

function decodeInt64(schema: ScalarSchema, value: unknown, context: DecodeContext): unknown {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  if (typeof value === 'bigint' && value <= MAX_INT64 && value >= MIN_INT64) return value
  const isNumber = typeof value === 'number' || typeof value === 'bigint'
  return mismatch(schema, value, context, isNumber ? `number ${value}` : undefined)
}

function decodeBytes(schema: ScalarSchema, value: unknown, context: DecodeContext): unknown {
  if (typeof value !== 'string') return mismatch(schema, value, context)
  const text = /[\r\n]/.test(value) ? value.replaceAll(/[\r\n]/g, '') : value
  if (BASE64.test(text)) {
    // Go ignores stray bits in the last character and writes none.
    return text.endsWith('=') ? Buffer.from(text, 'base64').toString('base64') : text
  }
  context.saved ??= new DecodeError(`illegal base64 data at input byte ${illegalBase64At(value)}`)
  return null
}

/** Offset that Go's base64 decoder reports, line breaks counted but otherwise ignored. */
function illegalBase64At(text: string): number {
  let quantum = 0
  for (let at = 0; at < text.length; at++) {
    const c = text[at]!
    if (c === '\r' || c === '\n') continue
    if (/[A-Za-z0-9+/]/.test(c)) {
      quantum = (quantum + 1) % 4
      continue
    }
    if (c !== '=' || quantum < 2) return at
    return illegalPaddingAt(text, at, quantum)
  }
  return text.length - quantum
}

function illegalPaddingAt(text: string, first: number, quantum: number): number {
  const isBreak = (at: number) => text[at] === '\r' || text[at] === '\n'
  let at = first + 1
  if (quantum === 2) {
    while (isBreak(at)) at++
    if (at >= text.length) return text.length
    if (text[at] !== '=') return at
    at++
  }
  while (isBreak(at)) at++
  return at
}

function decodeQuantity(value: unknown): string {
  const text =
    typeof value === 'string'
      ? canonicalQuantity(value.trim())
      : typeof value === 'number' || typeof value === 'bigint'
        ? canonicalQuantity(String(value))
        : undefined
  if (text === undefined) throw new DecodeError(quantityError(value))
  return text
}

/** Go tells a wrong suffix or number from a text that has not even the form. */
function quantityError(value: unknown): string {
  if (typeof value !== 'string') return QUANTITY_FORMAT_ERROR
  const text = value.trim()
  const match = /^[+-]?[0-9]*(?:\.[0-9]*)?([eEinumkKMGTP]*[+-]?[0-9]*)$/.exec(text)
  if (match === null || text === '') return QUANTITY_FORMAT_ERROR
  const suffix = match[1]!
  return suffix !== '' && parseQuantity(`1${suffix}`) === undefined
    ? "unable to parse quantity's suffix"
    : 'unable to parse numeric part of quantity'
}

function decodeTime(normalize: typeof normalizeTime, value: unknown, context: DecodeContext): unknown {
  if (typeof value !== 'string') throw stringExpected(value, context)
  const result = normalize(value)
  if ('error' in result) throw new DecodeError(result.error)
  return result.value
}

function decodeDuration(value: unknown, context: DecodeContext): string {
  if (typeof value !== 'string') throw stringExpected(value, context)
  const nanoseconds = parseGoDuration(value)
  if (nanoseconds === undefined) throw new DecodeError(`time: invalid duration ${JSON.stringify(value)}`)
  return formatGoDuration(nanoseconds)
}

/** The type's own UnmarshalJSON fails: Go stops there. */
function stringExpected(value: unknown, { structs, path }: DecodeContext): DecodeError {
  return typeError({ value: describeValue(value), goType: 'string', goKind: 'string', structs, path })
}
