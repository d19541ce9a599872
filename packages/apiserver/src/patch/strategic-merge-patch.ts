// Strategic merge patch of Kubernetes: a merge patch that knows from the schema which lists are merged, and that carries
// directives: $patch, $retainKeys, $setElementOrder/<list>, $deleteFromPrimitiveList/<list>.
// Source of the rules: "Strategic Merge Patch" and "preserve order in strategic merge patch" of the design proposals.

import type { ObjectSchema, Schema } from '@brume/api/schema/schema'
import { badRequest } from '@brume/base/errors'
import { isObject, type JsonObject, jsonTypeName, own, setOwn } from './json-object.ts'
import {
  DELETE_FROM_PRIMITIVE_LIST,
  isDirective,
  PATCH_DIRECTIVE,
  RETAIN_KEYS,
  SET_ELEMENT_ORDER,
  withoutDirectives,
} from './strategic-directives.ts'
import {
  badElementOrder,
  badPrimitiveList,
  badRetainKeys,
  unknownDirective,
  wrongType,
} from './strategic-error.ts'
import { deletePrimitives, mergeList, mergeOrderedList } from './strategic-list.ts'
import { patchField } from './strategic-schema.ts'

/**
 * The document after the patch. Inputs are left alone; what the patch does not touch is shared with the result. Throws
 * BadRequest for a malformed patch. Not for custom resources: the caller answers those with UnsupportedMediaType.
 */
export function applyStrategicMergePatch(document: unknown, patch: unknown, schema: ObjectSchema): unknown {
  if (!isObject(patch)) {
    const what = jsonTypeName(patch)
    throw badRequest(`json: cannot unmarshal ${what} into Go value of type map[string]interface {}`)
  }
  return mergeMap(isObject(document) ? document : {}, patch, schema)
}

/** One level of the merge; `schema` undefined is free-form JSON. */
function mergeMap(original: JsonObject, patch: JsonObject, schema: Schema | undefined): JsonObject {
  const directive = own(patch, PATCH_DIRECTIVE)
  if (directive !== undefined) return replaceOrDelete(directive, patch)
  const result = retainKeys(original, patch)
  const done = mergeOrderedLists(result, patch, schema)
  deleteFromPrimitiveLists(result, patch)
  for (const key of Object.keys(patch)) {
    if (isDirective(key) || done?.has(key)) continue
    mergeMember(result, key, patch[key], schema)
  }
  return result
}

function replaceOrDelete(directive: unknown, patch: JsonObject): JsonObject {
  if (directive === 'delete') return {}
  if (directive !== 'replace') throw unknownDirective(directive, patch)
  const { [PATCH_DIRECTIVE]: _, ...rest } = patch
  return withoutDirectives(rest) as JsonObject
}

/** A copy of `original`, without what $retainKeys does not name. */
function retainKeys(original: JsonObject, patch: JsonObject): JsonObject {
  const result = { ...original }
  const list = own(patch, RETAIN_KEYS)
  if (list === undefined) return result
  if (!Array.isArray(list)) throw badRetainKeys()
  const retained = new Set<unknown>(list)
  for (const key of Object.keys(patch)) {
    if (patch[key] !== null && !isDirective(key) && !retained.has(key)) throw badRetainKeys()
  }
  for (const key of Object.keys(result)) if (!retained.has(key)) delete result[key]
  return result
}

/** Lists with $setElementOrder, which are done when this returns. */
function mergeOrderedLists(
  result: JsonObject,
  patch: JsonObject,
  schema: Schema | undefined,
): Set<string> | undefined {
  let done: Set<string> | undefined
  for (const directive of Object.keys(patch)) {
    if (!directive.startsWith(SET_ELEMENT_ORDER)) continue
    const order = patch[directive]
    if (!Array.isArray(order)) throw wrongType('list', order)
    const key = listOf(directive, SET_ELEMENT_ORDER)
    if (key === undefined) throw badElementOrder()
    const live = own(result, key)
    const changes = own(patch, key)
    if (live !== undefined && !Array.isArray(live)) throw wrongType('list', live)
    if (changes !== undefined && !Array.isArray(changes)) throw wrongType('list', changes)
    const field = patchField(schema, key)
    if (live !== undefined || changes !== undefined) {
      setOwn(result, key, mergeOrderedList({ live, changes, order, field }, mergeMap))
    }
    done ??= new Set()
    done.add(key)
  }
  return done
}

function deleteFromPrimitiveLists(result: JsonObject, patch: JsonObject): void {
  for (const directive of Object.keys(patch)) {
    if (!directive.startsWith(DELETE_FROM_PRIMITIVE_LIST)) continue
    const key = listOf(directive, DELETE_FROM_PRIMITIVE_LIST)
    if (key === undefined) throw badPrimitiveList()
    const toDelete = patch[directive]
    if (toDelete === null) {
      delete result[key]
      continue
    }
    const live = own(result, key)
    if (Array.isArray(live) && Array.isArray(toDelete)) setOwn(result, key, deletePrimitives(live, toDelete))
  }
}

function listOf(directive: string, prefix: string): string | undefined {
  return directive[prefix.length] === '/' ? directive.slice(prefix.length + 1) : undefined
}

function mergeMember(result: JsonObject, key: string, value: unknown, schema: Schema | undefined): void {
  if (value === null) {
    delete result[key]
    return
  }
  const live = own(result, key)
  if (isObject(live) && isObject(value)) {
    const field = patchField(schema, key)
    const merged =
      field.strategy === 'replace' ? withoutDirectives(value) : mergeMap(live, value, field.schema)
    setOwn(result, key, merged)
    return
  }
  if (Array.isArray(live) && Array.isArray(value)) {
    setOwn(result, key, mergeList(live, value, patchField(schema, key), mergeMap))
    return
  }
  const added = withoutDirectives(value)
  if (added === undefined) delete result[key]
  else setOwn(result, key, added)
}
