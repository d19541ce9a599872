// Lists in a strategic merge patch: merged by key or as sets of primitives, and put in order. Order of precedence:
// $setElementOrder, then the patch's own list, then the live list.

import { badRequest } from '@brume/base/errors'
import { isObject, type JsonObject, own } from './json-object.ts'
import { PATCH_DIRECTIVE, withoutDirectives } from './strategic-directives.ts'
import { goText, listOfLists, noMergeKey, unknownDirective, wrongType } from './strategic-error.ts'
import type { PatchField } from './strategic-schema.ts'

/** Merges a patch's item into the live item with the same key. */
export type MergeMap = (original: JsonObject, patch: JsonObject, schema: PatchField['schema']) => JsonObject

/** `live` with the changes of `patch`, for a list without $setElementOrder. */
export function mergeList(
  live: unknown[],
  patch: unknown[],
  field: PatchField,
  mergeMap: MergeMap,
): unknown[] {
  if (field.strategy !== 'merge') return withoutDirectives(patch) as unknown[]
  if (live.length === 0 && patch.length === 0) return live
  if (!areMaps(live, patch)) {
    const merged = [...new Set([...live, ...patch])]
    return order(merged, { first: patch, live, keyOf: identity })
  }
  const { merged, changes, base } = mergeMaps(live, patch, field, mergeMap)
  return order(merged, { first: changes, live: base, keyOf: keyOf(field.mergeKey) })
}

export interface OrderedList {
  live: unknown[] | undefined
  changes: unknown[] | undefined
  order: unknown[]
  field: PatchField
}

/** A list with $setElementOrder: at least one of `live` and `changes` is there. */
export function mergeOrderedList(
  { live, changes, order: wanted, field }: OrderedList,
  mergeMap: MergeMap,
): unknown[] {
  checkSameOrder(changes ?? [], wanted, field.mergeKey)
  let merged: unknown[]
  if (changes === undefined) merged = live ?? []
  else if (live === undefined) merged = withoutDirectives(changes) as unknown[]
  else merged = mergeList(live, changes, field, mergeMap)
  areMaps(live ?? [], changes ?? [])
  if (field.mergeKey === '') return order(merged, { first: wanted, live: live ?? [], keyOf: identity })
  const places = liveOrder(live ?? [], changes ?? [], field.mergeKey)
  return order(merged, { first: wanted, live: places, keyOf: keyOf(field.mergeKey) })
}

/** The live order, in which new items stand in the room that deleted ones left, as in Kubernetes. */
function liveOrder(live: unknown[], changes: unknown[], mergeKey: string): unknown[] {
  const key = keyOf(mergeKey)
  const deletions = changes.filter((item) => isObject(item) && own(item, PATCH_DIRECTIVE) === 'delete')
  if (deletions.length === 0) return live
  const deleted = new Set(deletions.map(key))
  const kept = live.filter((item) => !deleted.has(key(item)))
  const known = new Set(kept.map(key))
  const added = changes.filter(
    (item) => isObject(item) && !Object.hasOwn(item, PATCH_DIRECTIVE) && !known.has(key(item)),
  )
  return [...kept, ...added.slice(0, live.length - kept.length)]
}

export function deletePrimitives(live: unknown[], toDelete: unknown[]): unknown[] {
  const gone = new Set(toDelete)
  return live.filter((item) => !gone.has(item))
}

type KeyOf = (item: unknown) => unknown

const identity: KeyOf = (item) => item

function keyOf(mergeKey: string): KeyOf {
  return (item) => {
    if (!isObject(item)) throw wrongType('map', item)
    const key = own(item, mergeKey)
    if (key === undefined) throw noMergeKey(item, mergeKey)
    return key
  }
}

/** Whether the items are maps. All must be of one type, and lists of lists are not supported. */
function areMaps(...lists: unknown[][]): boolean {
  let type: string | undefined
  for (const list of lists) {
    for (const item of list) {
      const itemType = isObject(item) ? 'map' : Array.isArray(item) ? 'list' : typeof item
      if (itemType === 'list') throw listOfLists()
      type ??= itemType
      if (type !== itemType) throw badRequest(`list element types are not identical: ${goText(lists)}`)
    }
  }
  return type === 'map'
}

interface MergedMaps {
  merged: unknown[]
  /** The patch's items that are no directives. */
  changes: unknown[]
  /** The live items after deletions. */
  base: unknown[]
}

function mergeMaps(live: unknown[], patch: unknown[], field: PatchField, mergeMap: MergeMap): MergedMaps {
  if (field.mergeKey === '') throw badRequest('cannot merge lists without merge key')
  const key = keyOf(field.mergeKey)
  const changes: JsonObject[] = []
  const deleted = new Set<unknown>()
  let replace = false
  for (const item of patch as JsonObject[]) {
    const directive = own(item, PATCH_DIRECTIVE)
    if (directive === undefined) changes.push(item)
    else if (directive === 'delete') deleted.add(key(item))
    else if (directive === 'replace') replace = true
    else if (directive === 'merge') throw badRequest('merging lists cannot yet be specified in the patch')
    else throw unknownDirective(directive, item)
  }
  if (replace) {
    const kept = withoutDirectives(changes) as unknown[]
    return { merged: kept, changes: [], base: kept }
  }
  const base =
    deleted.size === 0 ? live : live.filter((item) => !deleted.has(own(item as JsonObject, field.mergeKey)))
  return { merged: mergeItems(base, changes, field, mergeMap), changes, base }
}

function mergeItems(
  base: unknown[],
  changes: JsonObject[],
  field: PatchField,
  mergeMap: MergeMap,
): unknown[] {
  const key = keyOf(field.mergeKey)
  const merged = base.slice()
  const positions = new Map<unknown, number>()
  merged.forEach((item, i) => {
    const itemKey = own(item as JsonObject, field.mergeKey)
    if (!positions.has(itemKey)) positions.set(itemKey, i)
  })
  for (const change of changes) {
    const position = positions.get(key(change))
    if (position === undefined) {
      positions.set(key(change), merged.length)
      merged.push(withoutDirectives(change))
    } else {
      merged[position] = mergeMap(merged[position] as JsonObject, change, field.schema)
    }
  }
  return merged
}

interface Order {
  /** The patch's order. */
  first: unknown[]
  live: unknown[]
  keyOf: KeyOf
}

/**
 * Items that `first` names come in its order; the rest keep the live order among themselves and stand before the first
 * of the named items that they stood before in the live list.
 */
function order(merged: unknown[], { first, live, keyOf }: Order): unknown[] {
  const firstAt = positionsOf(first, keyOf)
  const liveAt = positionsOf(live, keyOf)
  const named = merged.filter((item) => firstAt.has(keyOf(item)))
  const rest = merged.filter((item) => !firstAt.has(keyOf(item)))
  const by = (at: Map<unknown, number>) => (a: unknown, b: unknown) =>
    (at.get(keyOf(a)) ?? 0) - (at.get(keyOf(b)) ?? 0)
  named.sort(by(firstAt))
  rest.sort(by(liveAt))
  const result: unknown[] = []
  let next = 0
  for (const item of named) {
    const at = liveAt.get(keyOf(item))
    while (at !== undefined && next < rest.length && liveAt.get(keyOf(rest[next]))! < at)
      result.push(rest[next++])
    result.push(item)
  }
  return result.concat(rest.slice(next))
}

function positionsOf(items: unknown[], keyOf: KeyOf): Map<unknown, number> {
  const positions = new Map<unknown, number>()
  items.forEach((item, i) => {
    const key = keyOf(item)
    if (!positions.has(key)) positions.set(key, i)
  })
  return positions
}

/** The patch's items must appear in $setElementOrder, in the same order; deletions do not count. */
function checkSameOrder(changes: unknown[], wanted: unknown[], mergeKey: string): void {
  if (changes.length === 0 || wanted.length === 0) return
  const key = mergeKey === '' ? identity : keyOf(mergeKey)
  let at = 0
  for (const item of changes) {
    if (isObject(item) && Object.hasOwn(item, PATCH_DIRECTIVE)) continue
    while (at < wanted.length && key(wanted[at]) !== key(item)) at++
    if (at++ >= wanted.length) {
      throw badRequest(
        `The order in patch list:\n${goText(changes)}\n doesn't match $setElementOrder list:\n${goText(wanted)}\n`,
      )
    }
  }
}
