// JSON bodies of the API.

import { JsonError, parseJson, stringifyJson } from '@brume/base/json'
import { DecodeError } from '../schema/decode-error.ts'

export interface ParsedBody {
  value: unknown
  /** What strict field validation refuses and what the default warns of, e.g. `duplicate field "spec.replicas"`. */
  strictErrors: string[]
}

/** Throws DecodeError for anything that is not one JSON value. */
export function parseJsonBody(bytes: Buffer | string): ParsedBody {
  try {
    const { value, duplicateKeys } = parseJson(bytes)
    return { value, strictErrors: duplicateKeys.map((path) => `duplicate field ${JSON.stringify(path)}`) }
  } catch (error) {
    if (error instanceof JsonError) throw new DecodeError(error.message, { cause: error })
    throw error
  }
}

/** One line with a line break, as Go's encoder ends it; `pretty`: indented by two spaces. */
export function encodeJson(object: unknown, pretty = false): string {
  return `${stringifyJson(object, pretty ? 2 : undefined)}\n`
}
