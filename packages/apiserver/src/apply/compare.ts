// What changed between two states of an object, in one pass.

import type { ObjectSchema } from '@brume/api/schema/schema'
import { deepEqual } from '@brume/base/values'
import { isObject, type JsonObject, own } from '../patch/json-object.ts'
import { fieldNamed, pathsWithin, wholeNode } from './added-paths.ts'
import { EMPTY_SET, type FieldNode, type FieldSet, inElementOrder, MEMBER } from './field-set.ts'
import { listElement } from './list-element.ts'
import { type MergeType, mergeTypeOf } from './merge-type.ts'

export interface Comparison {
  added: FieldSet
  modified: FieldSet
  removed: FieldSet
}

const SAME: Comparison = { added: EMPTY_SET, modified: EMPTY_SET, removed: EMPTY_SET }

/** No path is in more than one of the three sets; all are empty when the states are equal. */
export function compare(old: unknown, updated: unknown, schema: ObjectSchema): Comparison {
  if (old === updated) return SAME
  const type = mergeTypeOf(schema)
  if (old === undefined) return { ...SAME, added: pathsWithin(updated, type) }
  if (updated === undefined) return { ...SAME, removed: pathsWithin(old, type) }
  const changes = compareValues(old, updated, type)
  if (changes === undefined) return SAME
  return {
    added: changes.added ?? EMPTY_SET,
    modified: changes.modified ?? EMPTY_SET,
    removed: changes.removed ?? EMPTY_SET,
  }
}

/** The nodes of one value, where there are any. */
interface Changes {
  added: FieldNode | FieldSet | undefined
  modified: FieldNode | FieldSet | undefined
  removed: FieldNode | FieldSet | undefined
}

const MODIFIED: Changes = Object.freeze({ added: undefined, modified: MEMBER, removed: undefined })

/** undefined when the values are equal. Both are there. */
function compareValues(old: unknown, updated: unknown, type: MergeType): Changes | undefined {
  if (old === updated) return undefined
  switch (type.kind) {
    case 'leaf':
      return deepEqual(old, updated) ? undefined : MODIFIED
    case 'set':
    case 'listMap':
      return compareLists(old, updated, type)
    default:
      return compareObjects(old, updated, type)
  }
}

function compareObjects(old: unknown, updated: unknown, type: MergeType): Changes | undefined {
  const left = isObject(old) ? old : undefined
  const right = isObject(updated) ? updated : undefined
  if (isBare(left) && isBare(right)) return deepEqual(old, updated) ? undefined : MODIFIED
  const changes = compareMembers(left, right, type)
  // Free-form JSON that was or becomes a scalar or a list is also modified itself.
  const becameOther =
    type.kind === 'deduced' &&
    ((left === undefined && old !== null) || (right === undefined && updated !== null))
  return becameOther ? { ...(changes ?? MODIFIED), modified: MEMBER } : changes
}

function isBare(object: JsonObject | undefined): boolean {
  for (const _ in object) return false
  return true
}

const NOTHING: JsonObject = Object.freeze({})

function compareMembers(
  left: JsonObject = NOTHING,
  right: JsonObject = NOTHING,
  type: MergeType,
): Changes | undefined {
  let changes: Changes | undefined
  let shared = 0
  for (const name in left) {
    const a = left[name]
    let b = right[name]
    if (a === b) {
      shared++
      continue
    }
    if (b !== undefined && !Object.hasOwn(right, name)) b = undefined
    if (b !== undefined) shared++
    changes = compareNamed(changes, name, { a, b, type })
  }
  for (const _ in right) shared--
  if (shared !== 0) {
    for (const name in right) {
      if (own(left, name) === undefined)
        changes = compareNamed(changes, name, { a: undefined, b: right[name], type })
    }
  }
  if (changes !== undefined) sortChanges(changes)
  return changes
}

function compareNamed(
  changes: Changes | undefined,
  name: string,
  { a, b, type }: { a: unknown; b: unknown; type: MergeType },
): Changes | undefined {
  if (type.kind === 'struct') {
    const field = fieldNamed(name, type)
    return field === undefined ? changes : compareMember(changes, field.element, a, b, field.type)
  }
  return compareMember(changes, `f:${name}`, a, b, type.kind === 'deduced' ? type : type.rest!)
}

/** `changes` with those of one member; one of `a` and `b` is there. */
function compareMember(
  changes: Changes | undefined,
  element: string,
  a: unknown,
  b: unknown,
  type: MergeType,
): Changes | undefined {
  if (a === undefined) {
    if (b === undefined) return changes
    const all = changes ?? newChanges()
    all.added = put(all.added, element, wholeNode(b, type))
    return all
  }
  if (b === undefined) {
    const all = changes ?? newChanges()
    all.removed = put(all.removed, element, wholeNode(a, type))
    return all
  }
  const below = compareValues(a, b, type)
  if (below === undefined) return changes
  const all = changes ?? newChanges()
  if (below.added !== undefined) all.added = put(all.added, element, below.added)
  if (below.modified !== undefined) all.modified = put(all.modified, element, below.modified)
  if (below.removed !== undefined) all.removed = put(all.removed, element, below.removed)
  return all
}

function newChanges(): Changes {
  return { added: undefined, modified: undefined, removed: undefined }
}

function put(node: FieldSet | undefined, element: string, child: FieldSet): FieldNode {
  const target: FieldNode = node ?? {}
  target[element] = child
  return target
}

function sortChanges(changes: Changes): void {
  if (changes.added !== undefined) changes.added = inElementOrder(changes.added)
  if (changes.modified !== undefined) changes.modified = inElementOrder(changes.modified)
  if (changes.removed !== undefined) changes.removed = inElementOrder(changes.removed)
}

function compareLists(old: unknown, updated: unknown, type: MergeType): Changes | undefined {
  const left = Array.isArray(old) ? old : []
  const right = Array.isArray(updated) ? updated : []
  if (left.length === 0 && right.length === 0) return deepEqual(old, updated) ? undefined : MODIFIED
  if (deepEqual(left, right)) return undefined
  const before = itemsByElement(left, type)
  const after = itemsByElement(right, type)
  let changes: Changes | undefined
  for (const element of new Set([...before.keys(), ...after.keys()])) {
    changes = compareItems(changes, element, before.get(element) ?? [], after.get(element) ?? [], type.rest!)
  }
  if (changes !== undefined) sortChanges(changes)
  return changes
}

function itemsByElement(list: unknown[], type: MergeType): Map<string, unknown[]> {
  const items = new Map<string, unknown[]>()
  for (const item of list) {
    const element = listElement(type, item)
    if (element === undefined) continue
    const same = items.get(element)
    if (same === undefined) items.set(element, [item])
    else same.push(item)
  }
  return items
}

/** Items that share an element are compared as one atomic value. */
function compareItems(
  changes: Changes | undefined,
  element: string,
  before: unknown[],
  after: unknown[],
  type: MergeType,
): Changes | undefined {
  if (before.length <= 1 && after.length <= 1)
    return compareMember(changes, element, before[0], after[0], type)
  if (before.length > 1 && after.length > 1 && deepEqual(before, after)) return changes
  const all = changes ?? newChanges()
  if (before.length > 1 && after.length > 1) {
    all.modified = put(all.modified, element, MEMBER)
  } else if (before.length > 1) {
    all.removed = put(all.removed, element, MEMBER)
    if (after.length === 1) all.added = put(all.added, element, wholeNode(after[0], type))
  } else {
    all.added = put(all.added, element, MEMBER)
    if (before.length === 1) all.removed = put(all.removed, element, wholeNode(before[0], type))
  }
  return all
}
