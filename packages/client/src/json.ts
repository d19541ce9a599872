// Bodies to objects and back, in one place. The server's answers are trusted to have no duplicate keys, so only texts
// that may hold an integer beyond the safe range take the exact parser.

import { parseJson, stringifyJson } from '@brume/base/json'

const LONG_NUMBER = /[0-9]{16}/

/** Throws SyntaxError or JsonError for what is not JSON. */
export function decodeJson<T>(body: string | Buffer): T {
  const text = typeof body === 'string' ? body : body.toString('utf8')
  return (LONG_NUMBER.test(text) ? parseJson(text).value : JSON.parse(text)) as T
}

export function encodeJson(value: unknown): string {
  return stringifyJson(value)
}

/** Whether `error` is decodeJson's. */
export function isJsonError(error: unknown): boolean {
  return error instanceof SyntaxError || (error instanceof Error && error.name === 'JsonError')
}
