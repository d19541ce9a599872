// The rule "this field may not change", and equality as the API means it: what Go's zero values make the same is
// the same here.

import { deepEqual } from '@brume/base/values'
import { type FieldError, invalid } from '../field-error.ts'

export const IMMUTABLE_MESSAGE = 'field is immutable'

/** Fields that are plain booleans and numbers in Kubernetes' types: false or 0 is the same as absent. */
const ZERO_IS_ABSENT = new Set([
  'hostNetwork',
  'hostPID',
  'hostIPC',
  'stdin',
  'stdinOnce',
  'tty',
  'readOnly',
  'hostPort',
  'minReadySeconds',
  'paused',
  'publishNotReadyAddresses',
])

/** Fields that are pointers to text: '' says something else than absent. */
const EMPTY_TEXT_COUNTS = new Set(['storageClassName', 'ingressClassName', 'runtimeClassName', 'volumeName'])

export function immutable(value: unknown, old: unknown, field: string): FieldError[] {
  return semanticEqual(value, old) ? [] : [invalid(field, value, IMMUTABLE_MESSAGE)]
}

/** Deep equality where absent, null, an empty list and a zero of a plain field are one. */
export function semanticEqual(a: unknown, b: unknown): boolean {
  if (a === b || deepEqual(a, b)) return true
  return deepEqual(withoutZeros(a), withoutZeros(b))
}

function withoutZeros(value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (Array.isArray(value)) return value.length === 0 ? null : value.map(withoutZeros)
  if (typeof value !== 'object') return value
  const kept: Record<string, unknown> = {}
  let count = 0
  for (const [key, item] of Object.entries(value)) {
    if (isZero(key, item)) continue
    kept[key] = typeof item === 'object' && isEmpty(item) ? {} : withoutZeros(item)
    count += 1
  }
  return count === 0 ? null : kept
}

function isZero(key: string, value: unknown): boolean {
  if (value === null || value === undefined) return true
  if (Array.isArray(value)) return value.length === 0
  if (value === '') return !EMPTY_TEXT_COUNTS.has(key)
  return (value === false || value === 0) && ZERO_IS_ABSENT.has(key)
}

function isEmpty(value: object | null): boolean {
  return value !== null && Object.keys(value).length === 0
}
