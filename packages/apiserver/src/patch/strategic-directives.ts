// The directives of a strategic merge patch, and a patch's value without them.

import { isObject, type JsonObject, setOwn } from './json-object.ts'

export const PATCH_DIRECTIVE = '$patch'
export const RETAIN_KEYS = '$retainKeys'
export const SET_ELEMENT_ORDER = '$setElementOrder'
export const DELETE_FROM_PRIMITIVE_LIST = '$deleteFromPrimitiveList'

export function isDirective(key: string): boolean {
  if (key.charCodeAt(0) !== 0x24) return false
  return (
    key === PATCH_DIRECTIVE ||
    key === RETAIN_KEYS ||
    key.startsWith(SET_ELEMENT_ORDER) ||
    key.startsWith(DELETE_FROM_PRIMITIVE_LIST)
  )
}

/**
 * What a patch's value becomes where there is nothing to merge it into: directives and null members are dropped, and a
 * map that is itself a $patch directive is undefined.
 */
export function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined)
  if (!isObject(value)) return value
  if (Object.hasOwn(value, PATCH_DIRECTIVE)) return undefined
  const result: JsonObject = {}
  for (const key of Object.keys(value)) {
    if (value[key] === null || isDirective(key)) continue
    const kept = withoutDirectives(value[key])
    if (kept !== undefined) setOwn(result, key, kept)
  }
  return result
}
