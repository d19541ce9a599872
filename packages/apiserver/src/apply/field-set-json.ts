// FieldsV1 as clients send it, made into a field set: one form for equal elements, in order.

import {
  EMPTY_SET,
  type FieldNode,
  type FieldSet,
  inElementOrder,
  isEmpty,
  isMember,
  MEMBER,
  union,
} from './field-set.ts'
import { canonicalElement } from './path-element.ts'

/** Why a fieldsV1 cannot be read; managedFields with such an entry are ignored as a whole. */
export class FieldSetSyntaxError extends Error {
  override name = 'FieldSetSyntaxError'
}

/**
 * Throws FieldSetSyntaxError. Elements of a kind that is not known are dropped; undefined and null are the empty set. The
 * argument itself is the result where it is in order and in the one form of its elements.
 */
export function parseFieldSet(fieldsV1: unknown): FieldSet {
  return fieldsV1 === undefined || fieldsV1 === null ? EMPTY_SET : contentsOf(fieldsV1)
}

/** FieldsV1 of the set, as Kubernetes prints it: the set itself. */
export function formatFieldSet(set: FieldSet): Record<string, unknown> {
  return set as Record<string, unknown>
}

/** The argument itself where nothing had to change. */
function contentsOf(value: unknown): FieldSet {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FieldSetSyntaxError('a field set must be an object')
  }
  const source = value as Record<string, unknown>
  const result: FieldNode = {}
  let same = true
  for (const key in source) {
    if (key === '.') {
      same = false
      continue
    }
    const element = canonicalElement(key)
    if (element === null) throw new FieldSetSyntaxError(`malformed path element ${JSON.stringify(key)}`)
    if (element === undefined) {
      same = false
      continue
    }
    const node = nodeOf(source[key])
    same &&= element === key && node === source[key]
    const twin = result[element]
    result[element] = twin === undefined ? node : mergeTwins(twin, node)
  }
  const ordered = inElementOrder(result)
  return same && ordered === result ? (value as FieldSet) : ordered
}

function nodeOf(value: unknown): FieldSet {
  const contents = contentsOf(value)
  if (contents === value || isEmpty(contents)) return contents
  const source = value as Record<string, unknown>
  if (source['.'] === undefined) return contents
  const sameKeys = Object.keys(source).length === Object.keys(contents).length + 1
  if (sameKeys && Object.keys(source)[0] === '.') {
    let same = true
    for (const key in contents) same &&= contents[key] === source[key]
    if (same) return source as unknown as FieldSet
  }
  return { '.': MEMBER, ...contents }
}

function mergeTwins(a: FieldSet, b: FieldSet): FieldSet {
  const merged = union(a, b)
  if (isEmpty(merged)) return MEMBER
  return (isMember(a) || isMember(b)) && merged['.'] === undefined ? { '.': MEMBER, ...merged } : merged
}
