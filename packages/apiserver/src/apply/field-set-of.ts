// The paths that a configuration speaks about: what an applier comes to own.

import type { ObjectSchema } from '@brume/api/schema/schema'
import { isObject, type JsonObject } from '../patch/json-object.ts'
import { EMPTY_SET, type FieldNode, type FieldSet, inElementOrder, isEmpty, MEMBER } from './field-set.ts'
import { listElement } from './list-element.ts'
import { type MergeType, memberType, mergeTypeOf, namedType } from './merge-type.ts'

/**
 * Scalars and atomic values are in the set; objects only where they are null, empty or not declared; lists by their
 * items, each of which is in the set beside its own fields.
 */
export function fieldSetOf(value: unknown, schema: ObjectSchema): FieldSet {
  return fieldSetOfType(value, mergeTypeOf(schema)) ?? EMPTY_SET
}

export function fieldSetOfType(value: unknown, type: MergeType): FieldSet | undefined {
  switch (type.kind) {
    case 'leaf':
      return MEMBER
    case 'deduced':
      return isObject(value) ? membersOf(value, type) : value === null ? undefined : MEMBER
    case 'struct':
    case 'map':
      return isObject(value) ? membersOf(value, type) : undefined
    default:
      return Array.isArray(value) ? itemsOf(value, type) : undefined
  }
}

/** Children only: undefined when there are none. */
function membersOf(object: JsonObject, type: MergeType): FieldSet | undefined {
  let node: FieldNode | undefined
  for (const name of Object.keys(object)) {
    const value = object[name]
    const valueType = namedType(type, name)
    if (value === undefined || valueType === undefined) continue
    const below = fieldSetOfType(value, valueType)
    const itself = !type.byName.has(name) || value === null || (isObject(value) && isEmptyObject(value))
    const child = itself ? asMember(below) : below
    if (child === undefined) continue
    node ??= {}
    node[`f:${name}`] = child
  }
  return node && inElementOrder(node)
}

function itemsOf(list: unknown[], type: MergeType): FieldSet | undefined {
  if (list.length === 0) return undefined
  const node: FieldNode = {}
  let repeated: Set<string> | undefined
  for (const item of list) {
    const element = listElement(type, item)
    if (element === undefined) continue
    if (node[element] !== undefined) {
      repeated ??= new Set()
      repeated.add(element)
    }
    node[element] = asMember(fieldSetOfType(item, type.rest!))
  }
  for (const element of repeated ?? []) node[element] = MEMBER
  return isEmpty(node) ? undefined : inElementOrder(node)
}

function asMember(node: FieldSet | undefined): FieldSet {
  if (node === undefined || isEmpty(node)) return MEMBER
  return node['.'] === undefined ? { '.': MEMBER, ...node } : node
}

function isEmptyObject(object: JsonObject): boolean {
  for (const _ in object) return false
  return true
}

/** The set with the declared fields above its paths added, so that removing the last child removes the parent too. */
export function withNamedFields(set: FieldSet, type: MergeType | undefined): FieldSet {
  const node: FieldNode = {}
  for (const element in set) {
    const child = set[element]!
    const below = isEmpty(child) ? child : withNamedFields(child, memberType(type, element))
    node[element] = type?.byName.has(element.slice(2)) ? asMember(below) : below
  }
  return node
}
