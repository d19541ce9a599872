// The merge of an applied configuration into the live object: atomic values are replaced, the rest is merged by field,
// set item and list key. Source of the order rules: structured-merge-diff, as Kubernetes uses it.

import { isObject, type JsonObject, own, setOwn } from '../patch/json-object.ts'
import { listElement } from './list-element.ts'
import { type MergeType, namedType } from './merge-type.ts'

/**
 * `live` with `config` merged in. Inputs are left alone; what is equal to a part of an input may be that part. Lists of
 * `config` hold no two items with the same element: see typedErrors.
 */
export function mergeTyped(live: unknown, config: unknown, type: MergeType): unknown {
  if (config === undefined || live === config) return live
  switch (type.kind) {
    case 'leaf':
      return config
    case 'set':
    case 'listMap':
      return mergeLists(live, config, type)
    default:
      return mergeObjects(live, config, type)
  }
}

function mergeObjects(live: unknown, config: unknown, type: MergeType): unknown {
  if (!isObject(config)) return config === null && isObject(live) && !isBare(live) ? live : config
  if (isBare(config)) return isObject(live) && !isBare(live) ? live : config
  const left = isObject(live) ? live : {}
  const result: JsonObject = { ...left }
  for (const name of Object.keys(config)) {
    const valueType = namedType(type, name)
    const value = config[name]
    const merged = valueType === undefined ? value : mergeTyped(own(left, name), value, valueType)
    if (merged === null && type.byName.get(name)?.dropNull) delete result[name]
    else setOwn(result, name, merged)
  }
  return result
}

function isBare(object: JsonObject): boolean {
  for (const _ in object) return false
  return true
}

function mergeLists(live: unknown, config: unknown, type: MergeType): unknown {
  const left = Array.isArray(live) ? live : []
  const right = Array.isArray(config) ? config : []
  if (right.length === 0) return left.length === 0 ? config : live
  const lives = indexed(left, type)
  const configs = indexed(right, type)
  return interleave(lives, configs).map(({ element, item }) => {
    const value = item ?? lives.single.get(element)
    return mergeTyped(value, configs.single.get(element), type.rest!)
  })
}

interface Indexed {
  items: { element: string; item: unknown }[]
  /** Items that are the only ones with their element. */
  single: Map<string, unknown>
  elements: Set<string>
}

function indexed(list: unknown[], type: MergeType): Indexed {
  const result: Indexed = { items: [], single: new Map(), elements: new Set() }
  for (const item of list) {
    const element = listElement(type, item)
    if (element === undefined) continue
    if (result.elements.has(element)) result.single.delete(element)
    else result.single.set(element, item)
    result.elements.add(element)
    result.items.push({ element, item })
  }
  return result
}

interface Place {
  element: string
  /** The live item, for those that the configuration does not speak of. */
  item?: unknown
}

/**
 * The order of the merged list: items of the configuration in its order; live ones that it does not name stay where they
 * are relative to the live items around them.
 */
function interleave(lives: Indexed, configs: Indexed): Place[] {
  const left = lives.items
  const right = configs.items
  const shared = right.filter(({ element }) => lives.elements.has(element)).map(({ element }) => element)
  const merged = new Set<string>()
  const places: Place[] = []
  let nextShared = 0
  let l = 0
  let r = 0
  const takeConfig = () => {
    const { element } = right[r++]!
    merged.add(element)
    places.push({ element })
    if (element === shared[nextShared]) nextShared++
  }
  while (l < left.length || r < right.length) {
    const live = left[l]
    if (live === undefined) {
      takeConfig()
      continue
    }
    if (right[r]?.element === live.element) {
      l++
      takeConfig()
      continue
    }
    if (!configs.elements.has(live.element)) {
      places.push(live)
      l++
      continue
    }
    // A live item that the configuration places elsewhere: it comes in the configuration's turn.
    if (r < right.length && nextShared < shared.length && shared[nextShared] !== live.element) {
      l++
      continue
    }
    if (merged.has(live.element)) l++
    if (r < right.length) takeConfig()
  }
  return places
}
