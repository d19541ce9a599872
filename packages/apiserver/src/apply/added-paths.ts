// Every path of a value that was not there before (or is no more): leaves and all that is above them.

import { isObject, type JsonObject } from '../patch/json-object.ts'
import { EMPTY_SET, type FieldNode, type FieldSet, inElementOrder, MEMBER } from './field-set.ts'
import { listElement } from './list-element.ts'
import type { MergeField, MergeType } from './merge-type.ts'

/** The paths within an object; the object itself has none. */
export function pathsWithin(value: unknown, type: MergeType): FieldSet {
  if (!isObject(value)) return EMPTY_SET
  const node: FieldNode = {}
  addMembers(node, value, type)
  return node
}

/** The node of a value: a member, with what is within. */
export function wholeNode(value: unknown, type: MergeType): FieldSet {
  if (typeof value !== 'object' || value === null || type.kind === 'leaf') return MEMBER
  const node: FieldNode = { '.': MEMBER }
  if (!Array.isArray(value)) {
    if (type.kind !== 'set' && type.kind !== 'listMap') addMembers(node, value as JsonObject, type)
  } else if (type.kind === 'set' || type.kind === 'listMap') {
    return addItems(node, value, type)
  }
  return hasChild(node) ? node : MEMBER
}

export function readField(object: JsonObject, field: MergeField): unknown {
  if (field.inherited && !Object.hasOwn(object, field.name)) return undefined
  return object[field.name]
}

function addMembers(node: FieldNode, object: JsonObject, type: MergeType): void {
  if (type.kind === 'struct') {
    for (const field of type.fields) {
      const value = readField(object, field)
      if (value !== undefined) node[field.element] = wholeNode(value, field.type)
    }
    if (type.rest === undefined) return
  }
  const rest = type.kind === 'deduced' ? type : type.rest
  if (rest === undefined) return
  for (const name of sortedNames(object)) {
    if (type.kind === 'struct' && type.byName.has(name)) continue
    node[`f:${name}`] = wholeNode(object[name], rest)
  }
}

/** The names in order; most objects have them so already. */
export function sortedNames(object: JsonObject): string[] {
  const names = Object.keys(object)
  for (let i = 1; i < names.length; i++) if (names[i - 1]! > names[i]!) return names.sort()
  return names
}

function addItems(node: FieldNode, list: unknown[], type: MergeType): FieldSet {
  let repeated: string[] | undefined
  for (const item of list) {
    const element = listElement(type, item)
    if (element === undefined) continue
    if (node[element] === undefined) {
      node[element] = wholeNode(item, type.rest!)
    } else {
      repeated ??= []
      repeated.push(element)
    }
  }
  for (const element of repeated ?? []) node[element] = MEMBER
  if (!hasChild(node)) return MEMBER
  return list.length > 1 ? inElementOrder(node) : node
}

function hasChild(node: FieldSet): boolean {
  for (const element in node) if (element !== '.') return true
  return false
}
