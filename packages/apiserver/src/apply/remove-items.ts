// A value without the fields and list items of a set.

import { isObject, type JsonObject, setOwn } from '../patch/json-object.ts'
import { type FieldSet, isEmpty, isMember } from './field-set.ts'
import { listElement } from './list-element.ts'
import { type MergeType, namedType } from './merge-type.ts'

/**
 * `value` itself where nothing is removed. Maps and lists that lose their last item go with it when their object's type
 * is a declared one (Go's omitempty); objects stay as {}.
 */
export function removeItems(value: unknown, toRemove: FieldSet, type: MergeType): unknown {
  if (isEmpty(toRemove)) return value
  switch (type.kind) {
    case 'leaf':
      return value
    case 'set':
    case 'listMap':
      return Array.isArray(value) ? removeFromList(value, toRemove, type) : value
    default:
      return isObject(value) ? removeFromObject(value, toRemove, type) : value
  }
}

function removeFromObject(object: JsonObject, toRemove: FieldSet, type: MergeType): JsonObject {
  let result: JsonObject | undefined
  for (const element in toRemove) {
    if (element.charCodeAt(0) !== 0x66) continue
    const name = element.slice(2)
    if (!Object.hasOwn(object, name)) continue
    const node = toRemove[element]!
    if (isMember(node)) {
      result ??= { ...object }
      delete result[name]
      continue
    }
    const valueType = namedType(type, name)
    if (valueType === undefined) continue
    const kept = removeItems(object[name], node, valueType)
    if (kept === object[name]) continue
    result ??= { ...object }
    if (type.byName.get(name)?.dropNull && vanishes(kept, valueType)) delete result[name]
    else setOwn(result, name, kept)
  }
  return result ?? object
}

function vanishes(value: unknown, type: MergeType): boolean {
  if (type.kind === 'struct' || type.kind === 'deduced') return false
  return Object.keys(value as object).length === 0
}

function removeFromList(list: unknown[], toRemove: FieldSet, type: MergeType): unknown[] {
  let changed = false
  const result: unknown[] = []
  for (const item of list) {
    const element = listElement(type, item)
    const node = element === undefined ? undefined : toRemove[element]
    if (node === undefined) {
      result.push(item)
      continue
    }
    if (isMember(node)) {
      changed = true
      continue
    }
    const kept = removeItems(item, node, type.rest!)
    if (kept !== item) changed = true
    result.push(kept)
  }
  return changed ? result : list
}
