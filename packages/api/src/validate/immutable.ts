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

/** Maps, and structs that are no pointers: `{}` is the same as absent. Elsewhere (emptyDir) it says something. */
const EMPTY_IS_ABSENT = new Set([
  'labels',
  'annotations',
  'matchLabels',
  'nodeSelector',
  'limits',
  'requests',
  'overhead',
  'resources',
  'metadata',
])

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
  for (const [key, item] of Object.entries(value)) {
    const reduced = withoutZeros(item)
    if (!isZero(key, reduced)) kept[key] = reduced
  }
  return kept
}

function isZero(key: string, value: unknown): boolean {
  if (value === null) return true
  if (value === '') return !EMPTY_TEXT_COUNTS.has(key)
  if (value === false || value === 0) return ZERO_IS_ABSENT.has(key)
  return typeof value === 'object' && Object.keys(value).length === 0 && EMPTY_IS_ABSENT.has(key)
}
