// JSON as the API needs it: duplicate keys are reported (the last one wins, as in Go), integers outside the safe range
// become bigint and are written back exactly, nesting is bounded, `__proto__` is plain data. Invalid UTF-8 becomes
// U+FFFD, as in Go.

import { MAX_JSON_DEPTH } from './json-error.ts'
import { type ParsedJson, parseExact } from './json-exact.ts'

export { JsonError, MAX_JSON_DEPTH } from './json-error.ts'

/** Throws JsonError for anything that is not one JSON value, or is nested deeper than MAX_JSON_DEPTH. */
export function parseJson(bytes: Buffer | string): ParsedJson {
  const text = typeof bytes === 'string' ? bytes : bytes.toString('utf8')
  const members = countMembers(text)
  if (members < 0) return parseExact(text)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return parseExact(text)
  }
  return countKeys(value) === members ? { value, duplicateKeys: [] } : parseExact(text)
}

const LONG_NUMBER_TEXT = /[0-9]{16}/

/** What stringifyJson wrote, read back: no key can come twice, so that only long integers need the exact parser. */
export function parseOwnJson(bytes: Buffer | string): unknown {
  const text = typeof bytes === 'string' ? bytes : bytes.toString('utf8')
  return LONG_NUMBER_TEXT.test(text) ? parseJson(text).value : JSON.parse(text)
}

/** JSON.stringify that writes bigint as the integer it is. `indent` as JSON.stringify's. */
export function stringifyJson(value: unknown, indent?: number | string): string {
  try {
    return JSON.stringify(value, undefined, indent)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return JSON.stringify(value, writeBigint, indent)
  }
}

/** Not in TypeScript's library yet. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON

function writeBigint(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? rawJson(String(value)) : value
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
/** 2^53 has sixteen digits: a number of that many characters may be unsafe. */
const LONG_NUMBER = 16

/**
 * Number of `key: value` pairs in the text, or -1 when only the exact parser can be trusted with it: a long number, an
 * exponent, or nesting beyond the limit. Says nothing about validity.
 */
function countMembers(text: string): number {
  let members = 0
  let depth = 0
  let run = 0
  const length = text.length
  for (let i = 0; i < length; i++) {
    const c = text.charCodeAt(i)
    if (c === QUOTE) {
      run = 0
      for (i++; i < length; i++) {
        const s = text.charCodeAt(i)
        if (s === QUOTE) break
        if (s === BACKSLASH) i++
      }
    } else if (c >= 0x30 && c <= 0x39) {
      if (++run >= LONG_NUMBER) return -1
    } else if (c === COLON) {
      members++
      run = 0
    } else if (c === 0x7b || c === 0x5b) {
      if (++depth > MAX_JSON_DEPTH) return -1
      run = 0
    } else if (c === 0x7d || c === 0x5d) {
      depth--
      run = 0
    } else if (c === 0x65 || c === 0x45) {
      if (run > 0) return -1
    } else if (c !== 0x2e) {
      run = 0
    }
  }
  return members
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let keys = 0
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const item = value[i]
      if (typeof item === 'object') keys += countKeys(item)
    }
    return keys
  }
  const object = value as Record<string, unknown>
  for (const key in object) {
    keys++
    const child = object[key]
    if (typeof child === 'object') keys += countKeys(child)
  }
  return keys
}
