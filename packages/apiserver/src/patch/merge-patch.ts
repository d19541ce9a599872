// JSON merge patch (RFC 7386).

import { badRequest } from '@brume/base/errors'
import { isObject, type JsonObject, jsonTypeName, own, setOwn } from './json-object.ts'

/**
 * The document after the patch. Inputs are left alone; what the patch does not touch is shared with the result.
 * Throws BadRequest when the patch is not an object, as an API object can never be the result of such a patch.
 */
export function applyMergePatch(document: unknown, patch: unknown): unknown {
  if (!isObject(patch)) {
    const what = jsonTypeName(patch)
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${what} into Go value of type map[string]interface {}`,
    )
  }
  return mergeObject(document, patch)
}

function mergeObject(target: unknown, patch: JsonObject): JsonObject {
  const result: JsonObject = isObject(target) ? { ...target } : {}
  for (const key of Object.keys(patch)) {
    const value = patch[key]
    if (value === null) delete result[key]
    else setOwn(result, key, isObject(value) ? mergeObject(own(result, key), value) : value)
  }
  return result
}
