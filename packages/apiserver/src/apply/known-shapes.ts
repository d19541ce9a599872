// Field sets of new objects, by the shape of the object. What the manager of a new object owns follows from names, from the
// keys of list items and from which values are empty, and most objects are created alike (the pods of one template):
// to compare one with the shapes seen last allocates nothing, to make its set a node for each field.

import type { ObjectSchema } from '@brume/api/schema/schema'
import { deepFreeze } from '@brume/base/values'
import { own } from '../patch/json-object.ts'
import { fieldNamed } from './added-paths.ts'
import type { FieldSet } from './field-set.ts'
import { type MergeType, mergeTypeOf } from './merge-type.ts'

/** A client that sends ever other shapes must not make memory grow. */
const MAX_SHAPES = 32
const MAX_NODES = 400

/** Whatever is not told apart here makes no difference to the set. */
type Shape =
  | { readonly kind: 'scalar'; readonly type: string; readonly isEmpty: boolean }
  | { readonly kind: 'null' | 'ignored' }
  /** Owned as a whole. */
  | { readonly kind: 'opaque'; readonly isList: boolean; readonly isEmpty: boolean }
  /** `names` in the order of the object. */
  | { readonly kind: 'members'; readonly names: readonly string[]; readonly values: readonly Shape[] }
  /** `ids` are what tells the items apart: all their keys one after the other, or in a set the items themselves. */
  | {
      readonly kind: 'items'
      readonly keys: MergeType['keys'] | undefined
      readonly ids: readonly unknown[]
      readonly values: readonly Shape[]
    }

interface Known {
  readonly schema: ObjectSchema
  readonly reset: unknown
  readonly shape: Shape
  readonly set: FieldSet
}

/** The one used last first. */
const known: Known[] = []

/** What `make` gives for a new object, frozen: made once for all of its shape. `reset` is compared by identity. */
export function setOfNew(
  object: object,
  { schema, reset }: { schema: ObjectSchema; reset: unknown },
  make: () => FieldSet,
): FieldSet {
  for (let i = 0; i < known.length; i++) {
    const entry = known[i]!
    if (entry.schema !== schema || entry.reset !== reset || !fits(object, entry.shape)) continue
    if (i > 0) {
      known.copyWithin(1, 0, i)
      known[0] = entry
    }
    return entry.set
  }
  // Before the set is made: a failure there is the same failure the next time.
  const shape = shapeOf(object, mergeTypeOf(schema), { nodes: 0 })
  const set = make()
  if (shape === undefined) return set
  known.unshift({ schema, reset, shape, set: deepFreeze(set) })
  if (known.length > MAX_SHAPES) known.pop()
  return set
}

function fits(value: unknown, shape: Shape): boolean {
  switch (shape.kind) {
    case 'scalar':
      return typeof value === shape.type && !value === shape.isEmpty
    case 'members':
      return isContainer(value) && !Array.isArray(value) && fitsMembers(value, shape)
    case 'items':
      return Array.isArray(value) && value.length === shape.values.length && fitsItems(value, shape)
    case 'opaque':
      return isContainer(value) && Array.isArray(value) === shape.isList && isBare(value) === shape.isEmpty
    case 'null':
      return value === null
    default:
      return true
  }
}

function fitsMembers(value: object, { names, values }: Shape & { kind: 'members' }): boolean {
  let at = 0
  for (const name in value) {
    if (name !== names[at] || !fits((value as Record<string, unknown>)[name], values[at]!)) return false
    at++
  }
  return at === names.length
}

function fitsItems(list: unknown[], { keys, ids, values }: Shape & { kind: 'items' }): boolean {
  let at = 0
  for (let i = 0; i < list.length; i++) {
    const item = list[i]
    if (keys === undefined) {
      if (item !== ids[at++]) return false
      continue
    }
    if (!isContainer(item) || Array.isArray(item)) return false
    for (let k = 0; k < keys.length; k++) {
      if (own(item as Record<string, unknown>, keys[k]!.name) !== ids[at++]) return false
    }
    if (!fits(item, values[i]!)) return false
  }
  return true
}

/** undefined: too large, or not worth a rule of its own. */
function shapeOf(value: unknown, type: MergeType, count: { nodes: number }): Shape | undefined {
  if (++count.nodes > MAX_NODES) return undefined
  if (value === null) return { kind: 'null' }
  if (!isContainer(value)) return { kind: 'scalar', type: typeof value, isEmpty: !value }
  const isList = Array.isArray(value)
  if (type.kind === 'leaf') return { kind: 'opaque', isList, isEmpty: isBare(value) }
  if (type.kind === 'set' || type.kind === 'listMap') return isList ? itemsOf(value, type, count) : undefined
  if (isList) return { kind: 'opaque', isList, isEmpty: isBare(value) }
  const names: string[] = []
  const values: Shape[] = []
  for (const name in value) {
    const below = memberTypeOf(name, type)
    const shape: Shape | undefined =
      below === undefined
        ? { kind: 'ignored' }
        : shapeOf((value as Record<string, unknown>)[name], below, count)
    if (shape === undefined) return undefined
    names.push(name)
    values.push(shape)
  }
  return { kind: 'members', names, values }
}

function memberTypeOf(name: string, type: MergeType): MergeType | undefined {
  if (type.kind === 'struct') return fieldNamed(name, type)?.type
  return type.kind === 'deduced' ? type : type.rest
}

function itemsOf(list: unknown[], type: MergeType, count: { nodes: number }): Shape | undefined {
  const keys = type.kind === 'listMap' ? type.keys : undefined
  const ids: unknown[] = []
  const values: Shape[] = []
  for (const item of list) {
    if (isContainer(item) !== (keys !== undefined) || Array.isArray(item)) return undefined
    if (keys === undefined) ids.push(item)
    else for (const { name } of keys) ids.push(own(item as Record<string, unknown>, name))
    const shape = shapeOf(item, type.rest!, count)
    if (shape === undefined) return undefined
    values.push(shape)
  }
  return ids.some(isContainer) ? undefined : { kind: 'items', keys, ids, values }
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null

function isBare(value: object): boolean {
  for (const _ in value) return false
  return true
}
