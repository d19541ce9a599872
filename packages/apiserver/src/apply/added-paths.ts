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

function addMembers(node: FieldNode, object: JsonObject, type: MergeType): void {
  if (type.kind !== 'struct') {
    const values = type.kind === 'deduced' ? type : type.rest!
    for (const name of sortedNames(object)) node[`f:${name}`] = wholeNode(object[name], values)
    return
  }
  const fields = fieldsIn(object, type)
  for (const field of fields) node[field.element] = wholeNode(object[field.name], field.type)
}

/** Beyond this many, sorting pays. */
const FEW_FIELDS = 32

/** The fields that the object has, in the order of FieldsV1. Undeclared ones too, where the type has room for them. */
function fieldsIn(object: JsonObject, type: MergeType): MergeField[] {
  const fields: MergeField[] = []
  for (const name in object) {
    if (object[name] === undefined) continue
    const field = fieldNamed(name, type)
    if (field !== undefined) fields.push(field)
  }
  if (fields.length > FEW_FIELDS) return fields.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (let i = 1; i < fields.length; i++) {
    const field = fields[i]!
    let at = i
    for (; at > 0 && fields[at - 1]!.name > field.name; at--) fields[at] = fields[at - 1]!
    fields[at] = field
  }
  return fields
}

/** The field of a struct, declared or not; undefined where there may be none of that name. */
export function fieldNamed(name: string, { byName, rest }: MergeType): MergeField | undefined {
  const declared = byName.get(name)
  if (declared !== undefined) return declared
  if (rest === undefined) return undefined
  return { name, element: `f:${name}`, dropNull: false, type: rest }
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
